import GatehouseCertificates

extension ClientConfiguration {
    /// The first credential that the server takes, of those that an authority of its list has issued if there are any.
    func credential(answering request: CertificateRequest, _ type: CertificateType) -> Credential? {
        let fitting = credentials.filter { $0.certificateType == type && $0.fits(request) }
        return fitting.first(preferring: request.certificateAuthorities)
    }
}

extension Credential {
    fileprivate func fits(_ request: CertificateRequest) -> Bool {
        guard signatureScheme(amongPeers: request.signatureAlgorithms ?? [], as: .client) != nil else { return false }
        // RFC 9846 §4.5.1.2: "If the CertificateRequest message contained a non-empty "oid_filters" extension, the
        // end-entity certificate MUST match the extension OIDs that are recognized by the client".
        guard let certificate = chain.first, let filters = request.oidFilters else { return true }
        return filters.allSatisfy { certificate.matchesFilter(oid: $0.oid, values: $0.values) }
    }
}
