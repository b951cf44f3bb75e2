/// The certificates of a trust store's files, as they are gathered: PEM bundles and single certificates in DER.
///
/// Files that come with a system hold what their makers put there; one certificate that does not parse is no reason to
/// trust none of the others, so it is counted and left out.
public struct TrustBundle: Sendable {
    /// What was found, each certificate once, in the order of the files.
    public private(set) var certificates: [Certificate] = []
    /// How many certificates did not parse.
    public private(set) var skipped = 0
    private var seen: Set<Certificate> = []

    /// A bundle without certificates.
    public init() {}

    /// Adds the certificates of one file.
    ///
    /// - Returns: whether the file held certificates at all.
    @discardableResult
    public mutating func add(_ contents: [UInt8]) -> Bool {
        if contents.first == DERTag.sequence.rawValue {
            add(der: contents)
            return true
        }
        guard let blocks = try? PEM.decode(contents) else { return false }
        let encodings = blocks.filter { Certificate.labels.contains($0.label) }
        for block in encodings {
            add(der: block.der)
        }
        return !encodings.isEmpty
    }

    private mutating func add(der: [UInt8]) {
        guard let certificate = try? Certificate(der: der) else {
            skipped += 1
            return
        }
        if seen.insert(certificate).inserted { certificates.append(certificate) }
    }

    /// A store of what was found.
    public var store: TrustStore { TrustStore(anchors: certificates) }
}
