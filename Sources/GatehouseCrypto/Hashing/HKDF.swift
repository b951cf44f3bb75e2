internal import GatehouseSystem

/// HKDF (RFC 5869) and TLS 1.3's HKDF-Expand-Label (RFC 9846 §7.1).
package enum HKDF {
    /// HKDF-Extract: a pseudorandom key as long as the digest.
    package static func extract(
        _ algorithm: HashAlgorithm, salt: Span<UInt8>, inputKeyingMaterial: Span<UInt8>
    ) -> Secret {
        let key = HMACKey(algorithm, key: salt)
        return Secret(count: algorithm.digestLength) { output in
            key.authenticate(into: output) { $0.update(inputKeyingMaterial) }
        }
    }

    /// HKDF-Extract with a salt that is used again and again.
    package static func extract(salt: borrowing HMACKey, inputKeyingMaterial: borrowing Secret) -> Secret {
        Secret(count: salt.algorithm.digestLength) { output in
            inputKeyingMaterial.withUnsafeBytes { bytes in
                salt.authenticate(into: output) { $0.update(bytes) }
            }
        }
    }

    /// HKDF-Expand: `count` bytes of output keying material.
    ///
    /// - Precondition: `count` is at most 255 times the digest's length. It is the protocol's choice, never the peer's.
    package static func expand(_ key: borrowing HMACKey, info: Span<UInt8>, count: Int) -> Secret {
        info.withUnsafeBytes { expand(key, info: $0, count: count) }
    }

    /// HKDF-Expand-Label. "tls13 " is put before `label`.
    ///
    /// - Precondition: `label` is at most 249 bytes long and `context` at most 255; `count` as for `expand`.
    package static func expandLabel(
        _ key: borrowing HMACKey, label: StaticString, context: Span<UInt8>, count: Int
    ) -> Secret {
        let label = UnsafeRawBufferPointer(start: label.utf8Start, count: label.utf8CodeUnitCount)
        return context.withUnsafeBytes { expandLabel(key, label: label, context: $0, count: count) }
    }

    /// HKDF-Expand-Label for a label that is known only at run time, such as an exporter's.
    ///
    /// - Precondition: `label` is at most 249 bytes long and `context` at most 255; `count` as for `expand`.
    package static func expandLabel(
        _ key: borrowing HMACKey, label: Span<UInt8>, context: Span<UInt8>, count: Int
    ) -> Secret {
        label.withUnsafeBytes { label in
            context.withUnsafeBytes { expandLabel(key, label: label, context: $0, count: count) }
        }
    }

    /// Writes the structure `HkdfLabel` and expands it:
    ///
    ///     struct {
    ///         uint16 length = Length;
    ///         opaque label<7..255> = "tls13 " + Label;
    ///         opaque context<0..255> = Context;
    ///     } HkdfLabel;
    private static func expandLabel(
        _ key: borrowing HMACKey, label: UnsafeRawBufferPointer, context: UnsafeRawBufferPointer, count: Int
    ) -> Secret {
        let prefix: StaticString = "tls13 "
        let labelLength = prefix.utf8CodeUnitCount + label.count
        precondition(labelLength <= 255 && context.count <= 255, "HkdfLabel: label or context too long")
        return withUnsafeTemporaryAllocation(byteCount: 4 + labelLength + context.count, alignment: 1) { info in
            info[0] = UInt8(truncatingIfNeeded: count >> 8)
            info[1] = UInt8(truncatingIfNeeded: count)
            info[2] = UInt8(truncatingIfNeeded: labelLength)
            let prefixBytes = UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
            UnsafeMutableRawBufferPointer(rebasing: info[3...]).copyMemory(from: prefixBytes)
            UnsafeMutableRawBufferPointer(rebasing: info[(3 + prefixBytes.count)...]).copyMemory(from: label)
            info[3 + labelLength] = UInt8(truncatingIfNeeded: context.count)
            UnsafeMutableRawBufferPointer(rebasing: info[(4 + labelLength)...]).copyMemory(from: context)
            return expand(key, info: UnsafeRawBufferPointer(info), count: count)
        }
    }

    /// `T(i) = HMAC(PRK, T(i-1) | info | i)`, one after the other until there are `count` bytes.
    private static func expand(_ key: borrowing HMACKey, info: UnsafeRawBufferPointer, count: Int) -> Secret {
        let digestLength = key.algorithm.digestLength
        precondition(count <= 255 * digestLength, "HKDF-Expand: too many bytes asked for")
        return Secret(count: count) { output in
            withUnsafeTemporaryAllocation(byteCount: digestLength, alignment: 8) { block in
                var counter: UInt8 = 0
                var offset = 0
                while offset < count {
                    counter += 1
                    key.authenticate(into: block) { hasher in
                        if offset > 0 { hasher.update(UnsafeRawBufferPointer(block)) }
                        hasher.update(info)
                        withUnsafeBytes(of: counter) { hasher.update($0) }
                    }
                    let taken = min(digestLength, count - offset)
                    UnsafeMutableRawBufferPointer(rebasing: output[offset...])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: block[..<taken]))
                    offset += taken
                }
                wipe(block)
            }
        }
    }
}
