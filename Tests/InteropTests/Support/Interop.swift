import TestSupport
import Testing

/// Connections between Gatehouse and other implementations, over loopback. One after the other: what they measure is
/// agreement, and the machine may be small.
@Suite(.serialized, .onOwnThreads, .patient)
enum Interop {}
