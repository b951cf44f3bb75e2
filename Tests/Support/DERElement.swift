/// A DER element of less than 64 KiB, for what no encoder of ours would write.
public func derElement(_ tag: UInt8, _ contents: [UInt8]...) -> [UInt8] {
    let content = contents.flatMap { $0 }
    let count = content.count
    let length: [UInt8] =
        switch count {
        case ..<0x80: [UInt8(count)]
        case ..<0x100: [0x81, UInt8(count)]
        default: [0x82, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)]
        }
    return [tag] + length + content
}
