extension Certificate {
    /// Whether the certificate is issued for `name`, by its subject alternative names alone (RFC 9525). It says nothing
    /// about whether the certificate is to be believed.
    public func isIssued(for name: ReferenceName) -> Bool {
        let bytes = der
        return (fields.extensions.subjectAlternativeNames ?? []).contains { name.matches($0, bytes.span) }
    }
}
