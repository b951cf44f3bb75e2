/// The state of SHA-256 (FIPS 180-4 §6.2) between two blocks.
///
/// Sixteen rounds at a time are written out over local variables, which the compiler keeps in registers: a loop over an
/// array of words takes three times as long. All rounds written out gain nothing and would push other code out of the
/// processor's caches.
struct SHA256State: Sendable {
    private var a, b, c, d, e, f, g, h: UInt32

    /// The initial hash value (FIPS 180-4 §5.3.3).
    static let sha256 = SHA256State(
        a: 0x6a09_e667, b: 0xbb67_ae85, c: 0x3c6e_f372, d: 0xa54f_f53a,
        e: 0x510e_527f, f: 0x9b05_688c, g: 0x1f83_d9ab, h: 0x5be0_cd19)

    /// Takes in `count` blocks of 64 bytes that start at `blocks`, which need not be aligned.
    mutating func compress(_ blocks: UnsafeRawPointer, count: Int) {
        roundConstants.withUnsafeBufferPointer { constants in
            guard let constants = constants.baseAddress else { return }
            for index in 0..<count {
                compress(blocks + index &* 64, constants)
            }
        }
    }

    /// Writes the state's words, big-endian, up to the size of `output`, which is at most 32 bytes.
    func write(into output: UnsafeMutableRawBufferPointer) {
        let words = (
            a.bigEndian, b.bigEndian, c.bigEndian, d.bigEndian, e.bigEndian, f.bigEndian, g.bigEndian, h.bigEndian
        )
        withUnsafeBytes(of: words) { words in
            output.copyMemory(from: UnsafeRawBufferPointer(rebasing: words[..<output.count]))
        }
    }

    /// `constants` is `roundConstants`: 64 words.
    private mutating func compress(_ block: UnsafeRawPointer, _ constants: UnsafePointer<UInt32>) {
        let start = self
        var schedule = MessageSchedule(block)
        var group = 0
        while true {
            sixteenRounds(schedule, constants + group)
            group &+= 16
            if group == 64 { break }
            schedule.advance()
        }
        a &+= start.a
        b &+= start.b
        c &+= start.c
        d &+= start.d
        e &+= start.e
        f &+= start.f
        g &+= start.g
        h &+= start.h
    }

    @inline(__always)
    private mutating func sixteenRounds(_ w: MessageSchedule, _ k: UnsafePointer<UInt32>) {
        round(w.w0 &+ k[0])
        round(w.w1 &+ k[1])
        round(w.w2 &+ k[2])
        round(w.w3 &+ k[3])
        round(w.w4 &+ k[4])
        round(w.w5 &+ k[5])
        round(w.w6 &+ k[6])
        round(w.w7 &+ k[7])
        round(w.w8 &+ k[8])
        round(w.w9 &+ k[9])
        round(w.w10 &+ k[10])
        round(w.w11 &+ k[11])
        round(w.w12 &+ k[12])
        round(w.w13 &+ k[13])
        round(w.w14 &+ k[14])
        round(w.w15 &+ k[15])
    }

    /// One round on locals: once inlined, the moves between the variables are only a renaming. Rotations are spelled out
    /// for builds that inline nothing.
    @inline(__always)
    private mutating func round(_ input: UInt32) {
        let sum1 = (e &>> 6 | e &<< 26) ^ (e &>> 11 | e &<< 21) ^ (e &>> 25 | e &<< 7)
        let sum0 = (a &>> 2 | a &<< 30) ^ (a &>> 13 | a &<< 19) ^ (a &>> 22 | a &<< 10)
        let choice = (e & f) ^ (~e & g)
        // (a & b) ^ (a & c) ^ (b & c), where one half is what the next round's other half will be.
        let majority = ((a ^ b) & (b ^ c)) ^ b
        let first = h &+ sum1 &+ choice &+ input
        h = g
        g = f
        f = e
        e = d &+ first
        d = c
        c = b
        b = a
        a = first &+ sum0 &+ majority
    }
}

/// The sixteen words of the message schedule that a round group needs; `advance` computes the next sixteen in place.
private struct MessageSchedule {
    var w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15: UInt32

    @inline(__always)
    init(_ block: UnsafeRawPointer) {
        w0 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
        w1 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        w2 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        w3 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        w4 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        w5 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 20, as: UInt32.self))
        w6 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
        w7 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 28, as: UInt32.self))
        w8 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 32, as: UInt32.self))
        w9 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 36, as: UInt32.self))
        w10 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 40, as: UInt32.self))
        w11 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 44, as: UInt32.self))
        w12 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 48, as: UInt32.self))
        w13 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 52, as: UInt32.self))
        w14 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 56, as: UInt32.self))
        w15 = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 60, as: UInt32.self))
    }

    @inline(__always)
    mutating func advance() {
        w0 &+= sigma0(w1) &+ w9 &+ sigma1(w14)
        w1 &+= sigma0(w2) &+ w10 &+ sigma1(w15)
        w2 &+= sigma0(w3) &+ w11 &+ sigma1(w0)
        w3 &+= sigma0(w4) &+ w12 &+ sigma1(w1)
        w4 &+= sigma0(w5) &+ w13 &+ sigma1(w2)
        w5 &+= sigma0(w6) &+ w14 &+ sigma1(w3)
        w6 &+= sigma0(w7) &+ w15 &+ sigma1(w4)
        w7 &+= sigma0(w8) &+ w0 &+ sigma1(w5)
        w8 &+= sigma0(w9) &+ w1 &+ sigma1(w6)
        w9 &+= sigma0(w10) &+ w2 &+ sigma1(w7)
        w10 &+= sigma0(w11) &+ w3 &+ sigma1(w8)
        w11 &+= sigma0(w12) &+ w4 &+ sigma1(w9)
        w12 &+= sigma0(w13) &+ w5 &+ sigma1(w10)
        w13 &+= sigma0(w14) &+ w6 &+ sigma1(w11)
        w14 &+= sigma0(w15) &+ w7 &+ sigma1(w12)
        w15 &+= sigma0(w0) &+ w8 &+ sigma1(w13)
    }

    @inline(__always)
    private func sigma0(_ word: UInt32) -> UInt32 {
        (word &>> 7 | word &<< 25) ^ (word &>> 18 | word &<< 14) ^ (word &>> 3)
    }

    @inline(__always)
    private func sigma1(_ word: UInt32) -> UInt32 {
        (word &>> 17 | word &<< 15) ^ (word &>> 19 | word &<< 13) ^ (word &>> 10)
    }
}

/// The constants K (FIPS 180-4 §4.2.2).
private let roundConstants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
]
