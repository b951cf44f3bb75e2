/// The state of SHA-512 and SHA-384 (FIPS 180-4 §6.4 and §6.5) between two blocks; written like `SHA256State`.
struct SHA512State: Sendable {
    private var a, b, c, d, e, f, g, h: UInt64

    /// The initial hash value of SHA-384 (FIPS 180-4 §5.3.4).
    static let sha384 = SHA512State(
        a: 0xcbbb9d5d_c1059ed8, b: 0x629a292a_367cd507, c: 0x9159015a_3070dd17,
        d: 0x152fecd8_f70e5939, e: 0x67332667_ffc00b31, f: 0x8eb44a87_68581511,
        g: 0xdb0c2e0d_64f98fa7, h: 0x47b5481d_befa4fa4)

    /// The initial hash value of SHA-512 (FIPS 180-4 §5.3.5).
    static let sha512 = SHA512State(
        a: 0x6a09e667_f3bcc908, b: 0xbb67ae85_84caa73b, c: 0x3c6ef372_fe94f82b,
        d: 0xa54ff53a_5f1d36f1, e: 0x510e527f_ade682d1, f: 0x9b05688c_2b3e6c1f,
        g: 0x1f83d9ab_fb41bd6b, h: 0x5be0cd19_137e2179)

    /// Takes in `count` blocks of 128 bytes that start at `blocks`, which need not be aligned.
    mutating func compress(_ blocks: UnsafeRawPointer, count: Int) {
        roundConstants.withUnsafeBufferPointer { constants in
            guard let constants = constants.baseAddress else { return }
            for index in 0..<count {
                compress(blocks + index &* 128, constants)
            }
        }
    }

    /// Writes the state's words, big-endian, up to the size of `output`, which is at most 64 bytes.
    func write(into output: UnsafeMutableRawBufferPointer) {
        let words = (
            a.bigEndian, b.bigEndian, c.bigEndian, d.bigEndian, e.bigEndian, f.bigEndian, g.bigEndian, h.bigEndian
        )
        withUnsafeBytes(of: words) { words in
            output.copyMemory(from: UnsafeRawBufferPointer(rebasing: words[..<output.count]))
        }
    }

    /// `constants` is `roundConstants`: 80 words.
    private mutating func compress(_ block: UnsafeRawPointer, _ constants: UnsafePointer<UInt64>) {
        let start = self
        var schedule = MessageSchedule(block)
        var group = 0
        while true {
            sixteenRounds(schedule, constants + group)
            group &+= 16
            if group == 80 { break }
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
    private mutating func sixteenRounds(_ w: MessageSchedule, _ k: UnsafePointer<UInt64>) {
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
    private mutating func round(_ input: UInt64) {
        let sum1 = (e &>> 14 | e &<< 50) ^ (e &>> 18 | e &<< 46) ^ (e &>> 41 | e &<< 23)
        let sum0 = (a &>> 28 | a &<< 36) ^ (a &>> 34 | a &<< 30) ^ (a &>> 39 | a &<< 25)
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
    var w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15: UInt64

    @inline(__always)
    init(_ block: UnsafeRawPointer) {
        w0 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        w1 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        w2 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        w3 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        w4 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 32, as: UInt64.self))
        w5 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 40, as: UInt64.self))
        w6 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 48, as: UInt64.self))
        w7 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 56, as: UInt64.self))
        w8 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 64, as: UInt64.self))
        w9 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 72, as: UInt64.self))
        w10 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 80, as: UInt64.self))
        w11 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 88, as: UInt64.self))
        w12 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 96, as: UInt64.self))
        w13 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 104, as: UInt64.self))
        w14 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 112, as: UInt64.self))
        w15 = UInt64(bigEndian: block.loadUnaligned(fromByteOffset: 120, as: UInt64.self))
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
    private func sigma0(_ word: UInt64) -> UInt64 {
        (word &>> 1 | word &<< 63) ^ (word &>> 8 | word &<< 56) ^ (word &>> 7)
    }

    @inline(__always)
    private func sigma1(_ word: UInt64) -> UInt64 {
        (word &>> 19 | word &<< 45) ^ (word &>> 61 | word &<< 3) ^ (word &>> 6)
    }
}

/// The constants K (FIPS 180-4 §4.2.3).
private let roundConstants: [UInt64] = [
    0x428a2f98_d728ae22, 0x71374491_23ef65cd, 0xb5c0fbcf_ec4d3b2f, 0xe9b5dba5_8189dbbc,
    0x3956c25b_f348b538, 0x59f111f1_b605d019, 0x923f82a4_af194f9b, 0xab1c5ed5_da6d8118,
    0xd807aa98_a3030242, 0x12835b01_45706fbe, 0x243185be_4ee4b28c, 0x550c7dc3_d5ffb4e2,
    0x72be5d74_f27b896f, 0x80deb1fe_3b1696b1, 0x9bdc06a7_25c71235, 0xc19bf174_cf692694,
    0xe49b69c1_9ef14ad2, 0xefbe4786_384f25e3, 0x0fc19dc6_8b8cd5b5, 0x240ca1cc_77ac9c65,
    0x2de92c6f_592b0275, 0x4a7484aa_6ea6e483, 0x5cb0a9dc_bd41fbd4, 0x76f988da_831153b5,
    0x983e5152_ee66dfab, 0xa831c66d_2db43210, 0xb00327c8_98fb213f, 0xbf597fc7_beef0ee4,
    0xc6e00bf3_3da88fc2, 0xd5a79147_930aa725, 0x06ca6351_e003826f, 0x14292967_0a0e6e70,
    0x27b70a85_46d22ffc, 0x2e1b2138_5c26c926, 0x4d2c6dfc_5ac42aed, 0x53380d13_9d95b3df,
    0x650a7354_8baf63de, 0x766a0abb_3c77b2a8, 0x81c2c92e_47edaee6, 0x92722c85_1482353b,
    0xa2bfe8a1_4cf10364, 0xa81a664b_bc423001, 0xc24b8b70_d0f89791, 0xc76c51a3_0654be30,
    0xd192e819_d6ef5218, 0xd6990624_5565a910, 0xf40e3585_5771202a, 0x106aa070_32bbd1b8,
    0x19a4c116_b8d2d0c8, 0x1e376c08_5141ab53, 0x2748774c_df8eeb99, 0x34b0bcb5_e19b48a8,
    0x391c0cb3_c5c95a63, 0x4ed8aa4a_e3418acb, 0x5b9cca4f_7763e373, 0x682e6ff3_d6b2b8a3,
    0x748f82ee_5defb2fc, 0x78a5636f_43172f60, 0x84c87814_a1f0ab72, 0x8cc70208_1a6439ec,
    0x90befffa_23631e28, 0xa4506ceb_de82bde9, 0xbef9a3f7_b2c67915, 0xc67178f2_e372532b,
    0xca273ece_ea26619c, 0xd186b8c7_21c0c207, 0xeada7dd6_cde0eb1e, 0xf57d4f7f_ee6ed178,
    0x06f067aa_72176fba, 0x0a637dc5_a2c898a6, 0x113f9804_bef90dae, 0x1b710b35_131c471b,
    0x28db77f5_23047d84, 0x32caab7b_40c72493, 0x3c9ebe0a_15c9bebc, 0x431d67c4_9c100d4c,
    0x4cc5d4be_cb3e42b6, 0x597f299c_fc657e2a, 0x5fcb6fab_3ad6faec, 0x6c44198c_4a475817,
]
