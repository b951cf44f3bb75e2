// swift-tools-version: 6.3
import PackageDescription

/// What every target is compiled with.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Cursors over `Span` that hand out sub-cursors are not escapable; the compiler wants their lifetimes spelled out.
    .enableExperimentalFeature("Lifetimes"),
]

/// Unsafe code lives in `GatehouseCrypto` and `GatehouseSystem` only; everywhere else the compiler flags it.
let safe = common + [.strictMemorySafety()]

/// Examples are compiled as strictly as any user's package may be: `import Gatehouse` is enough.
let example: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "gatehouse",
    products: [
        .library(name: "Gatehouse", targets: ["Gatehouse"]),
        .library(name: "GatehouseTLS", targets: ["GatehouseTLS"]),
        .library(name: "GatehouseCertificates", targets: ["GatehouseCertificates"]),
        .executable(name: "gatehouse", targets: ["GatehouseTool"]),
        .executable(name: "echo-example", targets: ["EchoExample"]),
        .executable(name: "page-example", targets: ["PageExample"]),
        .executable(name: "mutual-tls-example", targets: ["MutualTLSExample"]),
        .executable(name: "device-gateway-example", targets: ["DeviceGatewayExample"]),
        .executable(name: "handshake-bench", targets: ["HandshakeBench"]),
        .executable(name: "certificate-bench", targets: ["CertificateBench"]),
        .executable(name: "allocation-bench", targets: ["AllocationBench"]),
        .executable(name: "bogo-shim", targets: ["BogoShim"]),
        .executable(name: "fuzz", targets: ["FuzzTargets"]),
        .executable(name: "limbo-harness", targets: ["LimboHarness"]),
    ],
    targets: [
        .systemLibrary(
            name: "CLibcrypto",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(name: "CSystem"),
        .target(name: "GatehouseSystem", dependencies: ["CSystem"], swiftSettings: common),
        .target(name: "GatehouseCrypto", dependencies: ["CLibcrypto", "GatehouseSystem"], swiftSettings: common),
        .target(name: "GatehouseCertificates", dependencies: ["GatehouseCrypto"], swiftSettings: safe),
        .target(
            name: "GatehouseTLS",
            dependencies: ["GatehouseCertificates", "GatehouseCrypto", "GatehouseSystem"], swiftSettings: safe),
        .target(
            name: "Gatehouse",
            dependencies: ["GatehouseTLS", "GatehouseCertificates", "GatehouseCrypto", "GatehouseSystem"],
            swiftSettings: safe),
        .executableTarget(
            name: "GatehouseTool",
            dependencies: [
                "Gatehouse", "GatehouseTLS", "GatehouseCertificates", "GatehouseCrypto", "GatehouseSystem",
                "TraceReplay",
            ],
            swiftSettings: safe),
        .target(
            name: "TraceReplay",
            dependencies: ["GatehouseTLS", "GatehouseCertificates", "GatehouseCrypto"],
            swiftSettings: safe),
        .executableTarget(
            name: "EchoExample",
            dependencies: ["Gatehouse"],
            path: "Sources/Examples/Echo",
            swiftSettings: example),
        .executableTarget(
            name: "PageExample",
            dependencies: ["Gatehouse"],
            path: "Sources/Examples/Page",
            swiftSettings: example),
        .executableTarget(
            name: "MutualTLSExample",
            dependencies: ["Gatehouse"],
            path: "Sources/Examples/MutualTLS",
            swiftSettings: example),
        .executableTarget(
            name: "DeviceGatewayExample",
            dependencies: ["Gatehouse"],
            path: "Sources/Examples/DeviceGateway",
            swiftSettings: example),
        .executableTarget(
            name: "HandshakeBench",
            dependencies: ["GatehouseTLS", "GatehouseCertificates", "GatehouseCrypto", "GatehouseSystem"],
            path: "Benchmarks/Handshake",
            swiftSettings: safe),
        .executableTarget(
            name: "CertificateBench",
            dependencies: ["GatehouseCertificates", "GatehouseCrypto"],
            path: "Benchmarks/Certificates",
            swiftSettings: safe),
        .target(name: "CAllocationCounter", path: "Benchmarks/AllocationCounter"),
        .executableTarget(
            name: "AllocationBench",
            dependencies: [
                "GatehouseTLS", "GatehouseCertificates", "GatehouseCrypto", "GatehouseSystem", "CAllocationCounter",
            ],
            path: "Benchmarks/Allocations",
            swiftSettings: safe),
        .executableTarget(
            name: "BogoShim",
            dependencies: ["GatehouseTLS", "GatehouseCertificates", "GatehouseCrypto", "GatehouseSystem"],
            path: "Tests/BogoShim",
            exclude: ["README.md", "config.json"],
            swiftSettings: safe),
        .executableTarget(
            name: "FuzzTargets",
            dependencies: ["GatehouseTLS", "GatehouseCertificates", "GatehouseCrypto"],
            path: "Tests/FuzzTargets",
            swiftSettings: common),
        .systemLibrary(name: "CSpawn", path: "Tests/Spawn"),
        .target(name: "TestSupport", dependencies: ["CSpawn"], path: "Tests/Support", swiftSettings: common),
        .target(name: "CFaults", path: "Tests/Faults"),
        .executableTarget(
            name: "LimboHarness",
            dependencies: ["GatehouseCertificates"],
            path: "Tests/LimboHarness",
            swiftSettings: safe),
        .testTarget(name: "GatehouseSystemTests", dependencies: ["GatehouseSystem"], swiftSettings: common),
        .testTarget(
            name: "GatehouseCryptoTests", dependencies: ["GatehouseCrypto", "TestSupport"], swiftSettings: common),
        .testTarget(
            name: "GatehouseCertificatesTests",
            dependencies: ["GatehouseCertificates", "GatehouseCrypto", "LimboHarness", "TestSupport"],
            swiftSettings: common),
        .testTarget(
            name: "GatehouseTLSTests",
            dependencies: [
                "GatehouseTLS", "GatehouseCertificates", "GatehouseCrypto", "GatehouseSystem", "AllocationBench",
                "TestSupport",
            ],
            swiftSettings: common),
        .testTarget(
            name: "ConformanceTests",
            dependencies: [
                "GatehouseTLS", "GatehouseCertificates", "GatehouseCrypto", "TraceReplay", "FuzzTargets", "TestSupport",
            ],
            swiftSettings: common),
        .testTarget(
            name: "GatehouseTests",
            dependencies: [
                "Gatehouse", "GatehouseSystem", "GatehouseTLS", "GatehouseCertificates", "GatehouseCrypto",
                "GatehouseTool", "PageExample", "MutualTLSExample", "DeviceGatewayExample", "TestSupport", "CFaults",
            ],
            swiftSettings: common),
        .testTarget(
            name: "InteropTests",
            dependencies: ["Gatehouse", "GatehouseCertificates", "GatehouseTool", "TestSupport"],
            swiftSettings: common),
    ]
)
