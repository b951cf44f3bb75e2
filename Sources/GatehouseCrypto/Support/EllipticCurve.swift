internal import CLibcrypto

/// The NIST curves, for key agreement and for ECDSA.
enum EllipticCurve: Sendable {
    case p256
    case p384
    case p521

    /// libcrypto's name for it.
    var name: StaticString {
        switch self {
        case .p256: "P-256"
        case .p384: "P-384"
        case .p521: "P-521"
        }
    }

    /// The size in bytes of a coordinate, and of a private key.
    var fieldLength: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    /// The size in bytes of a point written uncompressed: 4, then both coordinates.
    var pointLength: Int {
        1 + 2 * fieldLength
    }

    private var identifier: Int32 {
        switch self {
        case .p256: NID_X9_62_prime256v1
        case .p384: NID_secp384r1
        case .p521: NID_secp521r1
        }
    }

    /// What generates keys on this curve.
    func makeGenerator() throws(CryptoError) -> KeyContext {
        try KeyHandle.makeGenerator("EC") { EVP_PKEY_CTX_set_group_name($0, "\(name)") == 1 }
    }

    /// A key that has the curve, but no point yet. `setPoint` gives it one.
    func makeKey() throws(CryptoError) -> KeyHandle {
        try KeyHandle.make("EC", EVP_PKEY_KEY_PARAMETERS, [.text("group", name)])
    }

    /// A key that has the public key `point`: a copy of a template, which costs a third of making it from its numbers.
    ///
    /// - Throws: `invalidKey` when `point` is not the uncompressed form of a point on the curve.
    func makeKey(point: Span<UInt8>) throws(CryptoError) -> KeyHandle {
        guard let template, let copy = EVP_PKEY_dup(template.pointer) else { throw .library() }
        let key = KeyHandle(owning: copy)
        guard setPoint(point, of: key) else { throw .invalidKey }
        return key
    }

    private var template: KeyHandle? {
        switch self {
        case .p256: Self.p256Template
        case .p384: Self.p384Template
        case .p521: Self.p521Template
        }
    }

    private static let p256Template = try? p256.makeKey()
    private static let p384Template = try? p384.makeKey()
    private static let p521Template = try? p521.makeKey()

    /// Gives `key` the public key `point`; false when that is not the uncompressed form of a point on the curve.
    func setPoint(_ point: Span<UInt8>, of key: KeyHandle) -> Bool {
        // The three steps of RFC 9846 §4.3.8.2: "(1) verify that Q is not the point at infinity (O), (2) verify that for
        // Q = (x, y) both integers x and y are in the correct interval, and (3) ensure that (x, y) is a correct solution
        // to the elliptic curve equation." The length and the first byte shut out the point at infinity, and the
        // compressed and hybrid forms; libcrypto takes the other two steps.
        guard point.count == pointLength, point[0] == 4 else { return false }
        let isSet = point.withUnsafeBytes { point in
            EVP_PKEY_set1_encoded_public_key(
                key.pointer, point.baseAddress?.assumingMemoryBound(to: UInt8.self), point.count) == 1
        }
        if !isSet { ERR_clear_error() }
        return isSet
    }

    /// The key pair with the private key `scalar`, big-endian and as long as a coordinate.
    func makeKey(scalar: Span<UInt8>) throws(CryptoError) -> KeyHandle {
        guard scalar.count == fieldLength else { throw .invalidKey }
        let number = scalar.withUnsafeBytes { scalar in
            BN_secure_new().flatMap {
                BN_bin2bn(scalar.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(scalar.count), $0)
            }
        }
        let group = EC_GROUP_new_by_curve_name_ex(LibraryContext.shared, nil, identifier)
        let point = group.flatMap { EC_POINT_new($0) }
        defer {
            EC_POINT_free(point)
            EC_GROUP_free(group)
            BN_clear_free(number)
        }
        guard let number, let group, let point, let order = EC_GROUP_get0_order(group) else { throw .library() }
        guard BN_is_zero(number) == 0, BN_cmp(number, order) < 0 else { throw .invalidKey }

        var encoded = [UInt8](repeating: 0, count: pointLength)
        guard EC_POINT_mul(group, point, number, nil, nil, nil) == 1,
            EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, &encoded, pointLength, nil) == pointLength
        else { throw .library() }

        // libcrypto takes an integer parameter in the machine's byte order.
        let native = try Secret(count: fieldLength) { output throws(CryptoError) in
            let start = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard BN_bn2nativepad(number, start, Int32(output.count)) == Int32(output.count) else { throw .library() }
        }
        return try native.withUnsafeBytes { native throws(CryptoError) in
            try encoded.span.withUnsafeBytes { encoded throws(CryptoError) in
                try KeyHandle.make(
                    "EC", EVP_PKEY_KEY_PARAMETERS | OSSL_KEYMGMT_SELECT_PUBLIC_KEY | OSSL_KEYMGMT_SELECT_PRIVATE_KEY,
                    [
                        .text("group", name), .integer("priv", native),
                        .bytes("pub", encoded),
                    ])
            }
        }
    }
}
