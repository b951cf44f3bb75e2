// Whoever imports Gatehouse has everything that its API is made of: certificates and keys, addresses, and the values of
// the protocol.
@_exported public import GatehouseCertificates
@_exported public import GatehouseCrypto
@_exported public import GatehouseSystem
@_exported public import GatehouseTLS
