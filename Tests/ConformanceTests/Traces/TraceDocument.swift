import Foundation
import TestSupport
import TraceReplay

/// The two documents in Vectors/rfc8448.
enum TraceDocument: String, CaseIterable {
    case rfc
    case draft

    private static let rfcSet = Result {
        try JSONDecoder().decode(TraceSet.self, from: Data(Repository.bytes(at: "Vectors/rfc8448/rfc8448.json")))
    }

    private static let draftSet = Result { try TraceSet(draftLayout.get(), name: "draft") }

    /// The draft, cut into its pieces.
    static let draftLayout = Result {
        let path = "Vectors/rfc8448/draft-ietf-tls-tls13-vectors.txt"
        return try TextLayout(String(decoding: Repository.bytes(at: path), as: UTF8.self))
    }

    /// The traces of the document.
    func set() throws -> TraceSet {
        switch self {
        case .rfc: try Self.rfcSet.get()
        case .draft: try Self.draftSet.get()
        }
    }
}

extension [UInt8] {
    /// The same bytes but for one bit in the one at `index`.
    func changed(at index: Int) -> [UInt8] {
        var changed = self
        changed[index] ^= 0x10
        return changed
    }

    /// The same bytes but for one bit in the middle.
    var changed: [UInt8] { changed(at: count / 2) }
}
