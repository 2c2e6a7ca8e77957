// swift-tools-version: 6.2

import CompilerPluginSupport
import PackageDescription

/// Every target reads the same: what is imported is named where it is used, and nothing leaks by accident.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// The release builds of all programs link nothing dynamically: `muster` and `muster-agent` are installed on systems
/// with any C library or none, and flow programs run on nodes whose images hold nothing of Swift. A static flow program
/// also forks faster: a quarter less time for each child of a served flow (Benchmarks: foreach). The two wrapped
/// symbols save 30 to 100 ms of sorting unwind tables at start-up (see CMusterStatic; Benchmarks: start).
let staticExecutable: [LinkerSetting] = [
    .unsafeFlags(
        [
            // lld does not warn of glibc functions that can load libraries, such as getpwuid: CMusterStatic keeps them
            // from it.
            "-static-executable", "-use-ld=lld",
            "-Xlinker", "--eh-frame-hdr",
            "-Xlinker", "--wrap=__register_frame_info",
            "-Xlinker", "--wrap=__deregister_frame_info",
        ],
        .when(platforms: [.linux], configuration: .release))
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")

/// The floors: a target imports only targets on lower floors.
let sources: [Target] = [
    // Floor 0: values only, and the operating system's files, folders and locks.
    .target(name: "CMusterPlatform"),
    .target(name: "CMusterStatic"),
    .target(name: "CMusterTemplates"),
    .target(name: "CMusterDashboard", exclude: ["assets"]),
    .target(name: "MusterSystem", dependencies: ["CMusterPlatform"], swiftSettings: strict),
    .target(name: "MusterModel", swiftSettings: strict),

    // Floor 1: frameworks and messages are pure; processes, objects by key and requests are edges that others share.
    .target(name: "MusterFrameworks", dependencies: ["MusterModel"], swiftSettings: strict),
    .target(name: "MusterWire", dependencies: ["MusterModel", "MusterSystem"], swiftSettings: strict),
    .target(
        name: "MusterProcess", dependencies: ["CMusterPlatform", "MusterModel", "MusterSystem"], swiftSettings: strict),
    .target(name: "MusterObjects", dependencies: ["MusterSystem", crypto], swiftSettings: strict),
    .target(
        name: "MusterHTTP", dependencies: ["MusterSystem", nioCore, nioHTTP1, nioPosix, nioSSL, nioTLS],
        swiftSettings: strict),

    // Floor 2: where things are kept, and where nodes come from.
    .target(
        name: "MusterStore",
        dependencies: ["CMusterPlatform", "MusterModel", "MusterSystem", "MusterProcess", crypto, logging],
        swiftSettings: strict),
    .target(
        name: "MusterAWS",
        dependencies: ["MusterSystem", "MusterProcess", "MusterObjects", "MusterHTTP", crypto],
        swiftSettings: strict),
    .target(
        name: "MusterMetadata",
        dependencies: ["MusterModel", "MusterSystem", .product(name: "GRDB", package: "GRDB.swift")],
        swiftSettings: strict),
    .target(
        name: "MusterBackends", dependencies: ["MusterModel", "MusterSystem", "MusterWire", "MusterProcess", logging],
        swiftSettings: strict),
    .target(
        name: "MusterPython", dependencies: ["MusterModel", "MusterSystem", "MusterProcess", crypto],
        swiftSettings: strict),

    // Floor 3: services of AWS, and what goes between a machine and a bucket.
    .target(
        name: "MusterS3",
        dependencies: ["MusterSystem", "MusterObjects", "MusterHTTP", "MusterAWS", crypto],
        swiftSettings: strict),
    .target(
        name: "MusterBatch",
        dependencies: ["MusterModel", "MusterSystem", "MusterHTTP", "MusterAWS", "MusterBackends", crypto],
        swiftSettings: strict),
    .target(
        name: "MusterKubernetes",
        dependencies: [
            "MusterModel", "MusterSystem", "MusterProcess", "MusterHTTP", "MusterBackends", crypto, "Yams",
        ],
        swiftSettings: strict),
    .target(
        name: "MusterCourier",
        dependencies: ["MusterModel", "MusterSystem", "MusterProcess", "MusterWire", "MusterObjects", "MusterStore"],
        swiftSettings: strict),

    // Floor 4: what happens on a node, what moves a run, and what is asked of runs.
    .target(
        name: "MusterAgent",
        dependencies: [
            "CMusterPlatform", "MusterModel", "MusterSystem", "MusterWire", "MusterFrameworks", "MusterProcess",
            "MusterPython", "MusterStore", "MusterObjects", "MusterAWS", "MusterS3", "MusterCourier", crypto, logging,
            nioCore, nioPosix, nioSSL,
        ],
        swiftSettings: strict),
    .target(
        name: "MusterTransfer",
        dependencies: ["CMusterPlatform", "MusterSystem", "MusterWire", "MusterObjects", "MusterAWS", "MusterS3"],
        swiftSettings: strict),
    .target(
        name: "MusterEngine",
        dependencies: [
            "MusterModel", "MusterSystem", "MusterWire", "MusterStore", "MusterMetadata",
            "MusterBackends", logging,
        ],
        swiftSettings: strict),

    .target(
        name: "MusterBucket",
        dependencies: [
            "MusterModel", "MusterSystem", "MusterWire", "MusterProcess", "MusterObjects", "MusterStore",
            "MusterMetadata", "MusterCourier",
        ],
        swiftSettings: strict),
    .target(
        name: "MusterHistory",
        dependencies: ["MusterModel", "MusterSystem", "MusterWire", "MusterStore", "MusterMetadata"],
        swiftSettings: strict),

    // Floor 5: the upkeep of stores, the web view, and what a Swift flow imports.
    .target(
        name: "MusterUpkeep",
        dependencies: [
            "MusterModel", "MusterSystem", "MusterObjects", "MusterStore", "MusterMetadata",
            "MusterCourier", "MusterBucket",
        ],
        swiftSettings: strict),
    .target(
        name: "MusterDashboard",
        dependencies: [
            "CMusterDashboard", "MusterModel", "MusterSystem", "MusterStore", "MusterMetadata", "MusterHistory",
            logging, nioCore, nioPosix,
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
        ],
        swiftSettings: strict),
    .macro(
        name: "MusterMacros",
        dependencies: [
            .product(name: "SwiftSyntax", package: "swift-syntax"),
            .product(name: "SwiftSyntaxBuilder", package: "swift-syntax"),
            .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
            .product(name: "SwiftDiagnostics", package: "swift-syntax"),
            .product(name: "SwiftCompilerPlugin", package: "swift-syntax"),
        ],
        swiftSettings: strict),
    .target(
        name: "Muster",
        dependencies: [
            "CMusterPlatform", "CMusterStatic", "MusterModel", "MusterSystem", "MusterFrameworks", "MusterWire",
            "MusterMacros",
        ],
        swiftSettings: strict),

    // Tests of frameworks and backends outside import it.
    .target(
        name: "MusterTestKit", dependencies: ["MusterModel", "MusterFrameworks", "MusterBackends"],
        swiftSettings: strict),

    // Floor 6: the two programs.
    .target(
        name: "MusterCommandLine",
        dependencies: [
            "MusterModel", "MusterSystem", "MusterWire", "MusterProcess", "MusterStore", "MusterMetadata",
            "MusterBackends",
            "MusterPython", "MusterEngine", "MusterHistory", "MusterObjects", "MusterAWS", "MusterS3", "MusterBatch",
            "MusterKubernetes", "MusterCourier",
            "MusterBucket",
            "MusterTransfer", "MusterUpkeep", "MusterDashboard", "CMusterTemplates", logging,
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "Configuration", package: "swift-configuration"), "Yams",
        ],
        swiftSettings: strict),
    .executableTarget(
        name: "muster", dependencies: ["MusterCommandLine", "MusterProcess", "CMusterStatic"], swiftSettings: strict,
        linkerSettings: staticExecutable),
    .executableTarget(
        name: "muster-agent",
        dependencies: ["MusterAgent", "MusterTransfer", "CMusterPlatform", "MusterSystem", "CMusterStatic"],
        swiftSettings: strict, linkerSettings: staticExecutable),
]

/// Examples, and the flows that the tests run.
let examples: [Target] = [
    .executableTarget(
        name: "DigitsTraining", dependencies: ["Muster"], path: "Examples/DigitsTraining",
        exclude: ["load.py", "model.py", "train.py", "evaluate.py"], swiftSettings: strict,
        linkerSettings: staticExecutable),
    .executableTarget(
        name: "DeepSpeedZeRO", dependencies: ["Muster"], path: "Examples/DeepSpeedZeRO",
        exclude: ["digits.py", "train.py"], swiftSettings: strict,
        linkerSettings: staticExecutable),
    .executableTarget(
        name: "MPIHeat", dependencies: ["Muster"], path: "Examples/MPIHeat", exclude: ["heat.c"], swiftSettings: strict,
        linkerSettings: staticExecutable),
    .executableTarget(
        name: "MPINumpy", dependencies: ["Muster"], path: "Examples/MPINumpy", exclude: ["solve.py"],
        swiftSettings: strict,
        linkerSettings: staticExecutable),
    .executableTarget(
        name: "RayTuning", dependencies: ["Muster"], path: "Examples/RayTuning", exclude: ["tune.py"],
        swiftSettings: strict,
        linkerSettings: staticExecutable),
    .executableTarget(
        name: "TensorFlowMultiWorker", dependencies: ["Muster"], path: "Examples/TensorFlowMultiWorker",
        exclude: ["train.py"], swiftSettings: strict,
        linkerSettings: staticExecutable),
    .executableTarget(
        name: "FormationBenchmark",
        dependencies: [
            "CMusterPlatform", "MusterAgent", "MusterFrameworks", "MusterModel", "MusterProcess", "MusterWire",
        ],
        path: "Benchmarks/Formation", swiftSettings: strict),
    .executableTarget(
        name: "FlowFixtures", dependencies: ["Muster"], path: "Tests/FlowFixtures",
        exclude: ["Scripts"], swiftSettings: strict,
        linkerSettings: staticExecutable),
]

/// Tests mirror the sources.
let tests: [Target] = [
    .target(
        name: "MusterTestSupport",
        dependencies: [
            "MusterObjects", "MusterProcess", "MusterHTTP", "MusterAWS", "MusterS3", nioCore, nioHTTP1, nioPosix,
            nioSSL,
        ],
        path: "Tests/MusterTestSupport", swiftSettings: strict),
    .testTarget(name: "MusterModelTests", dependencies: ["MusterModel"], swiftSettings: strict),
    .testTarget(name: "MusterSystemTests", dependencies: ["MusterSystem"], swiftSettings: strict),
    .testTarget(name: "MusterProcessTests", dependencies: ["MusterModel", "MusterProcess"], swiftSettings: strict),
    .testTarget(
        name: "MusterWireTests", dependencies: ["MusterWire", "MusterModel", "MusterTestSupport"], swiftSettings: strict
    ),
    .testTarget(
        name: "MusterFrameworksTests", dependencies: ["MusterFrameworks", "MusterModel", "MusterTestSupport"],
        swiftSettings: strict),
    .testTarget(
        name: "MusterStoreTests",
        dependencies: ["MusterStore", "MusterModel", "MusterProcess", "MusterTestSupport", logging],
        swiftSettings: strict),
    .testTarget(
        name: "MusterObjectsTests", dependencies: ["MusterObjects", "MusterTestSupport"], swiftSettings: strict),
    .testTarget(
        name: "MusterS3Tests",
        dependencies: [
            "MusterS3", "MusterAWS", "MusterObjects", "MusterHTTP", "MusterProcess", "MusterTestSupport", nioCore,
            nioHTTP1, nioPosix, nioSSL,
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterAWSTests",
        dependencies: [
            "MusterAWS", "MusterObjects", "MusterHTTP", "MusterSystem", "MusterTestSupport", crypto,
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterBatchTests",
        dependencies: [
            "MusterBatch", "MusterAWS", "MusterBackends", "MusterModel", "MusterObjects", "MusterHTTP", "MusterTestKit",
            "MusterTestSupport",
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterKubernetesTests",
        dependencies: [
            "MusterKubernetes", "MusterBackends", "MusterModel", "MusterHTTP", "MusterTestKit", "MusterTestSupport",
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterTransferTests", dependencies: ["MusterTransfer", "MusterObjects", "MusterWire"],
        swiftSettings: strict),
    .testTarget(
        name: "MusterMetadataTests", dependencies: ["MusterMetadata", "MusterModel"], swiftSettings: strict),
    .testTarget(
        name: "MusterBucketTests",
        dependencies: [
            "MusterBucket", "MusterCourier", "MusterObjects", "MusterStore", "MusterMetadata", "MusterModel",
            "MusterProcess", "MusterSystem", "MusterWire",
            "MusterTestSupport",
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterUpkeepTests",
        dependencies: [
            "MusterUpkeep", "MusterBucket", "MusterCourier", "MusterObjects", "MusterS3", "MusterStore",
            "MusterMetadata", "MusterModel", "MusterWire", "MusterSystem", "MusterTestSupport",
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterBackendsTests",
        dependencies: [
            "MusterBackends", "MusterModel", "MusterWire", "MusterProcess", "MusterTestKit", "MusterTestSupport",
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterPythonTests", dependencies: ["MusterPython", "MusterModel", "MusterProcess"], swiftSettings: strict
    ),
    .testTarget(
        name: "MusterAgentTests",
        dependencies: [
            "MusterAgent", "MusterFrameworks", "MusterModel", "MusterWire", "MusterProcess", "MusterStore",
            "MusterObjects", "MusterTestSupport", "muster-agent", nioCore, nioEmbedded, nioPosix, nioSSL,
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterEngineTests",
        dependencies: [
            "MusterEngine", "MusterModel", "MusterWire", "MusterStore", "MusterMetadata", "MusterBackends",
            "MusterTestSupport", logging,
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterHistoryTests",
        dependencies: [
            "MusterHistory", "MusterModel", "MusterStore", "MusterMetadata", "MusterSystem", "MusterTestSupport",
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterDashboardTests",
        dependencies: ["MusterDashboard", "MusterMetadata", "MusterModel", "MusterStore"],
        swiftSettings: strict),
    .testTarget(
        name: "MusterTests", dependencies: ["Muster", "MusterModel", "MusterWire"], swiftSettings: strict),
    .testTarget(
        name: "MusterTestKitTests", dependencies: ["MusterTestKit", "MusterFrameworks", "MusterModel"],
        swiftSettings: strict),
    .testTarget(
        name: "MusterMacrosTests",
        dependencies: [
            "MusterMacros",
            .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
            .product(name: "SwiftSyntaxMacroExpansion", package: "swift-syntax"),
            .product(name: "SwiftSyntaxMacrosGenericTestSupport", package: "swift-syntax"),
        ],
        swiftSettings: strict),
    .testTarget(
        name: "MusterCommandLineTests",
        dependencies: [
            "MusterCommandLine", "MusterHistory", "MusterModel", "MusterProcess", "MusterStore", "MusterMetadata",
            "MusterTestSupport",
            crypto, .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: strict),
    .testTarget(
        name: "EndToEndTests",
        dependencies: [
            "MusterModel", "MusterTestSupport", "MusterStore", "MusterMetadata", "MusterProcess", "MusterObjects",
            "MusterS3", "MusterAWS", "MusterBatch", "MusterKubernetes", "MusterTestKit", "muster", "muster-agent",
            "FlowFixtures",
            "DigitsTraining", "DeepSpeedZeRO", "MPIHeat",
            "MPINumpy",
            "RayTuning",
            "TensorFlowMultiWorker",
        ],
        swiftSettings: strict),
]

/// `name` and every target of Swift below it.
///
/// SwiftPM compiles a target anew when the module of a target that it names has changed, and no other. The layouts of
/// types go further than that: `Muster.swiftmodule` stays the same, byte for byte, when a struct of MusterModel gets
/// another property, and a flow that was not compiled anew then crashes, or does not link. So every target and product
/// names all that stand below it; `Tests/incremental` shows that this is enough.
@MainActor
func withAllBelow(_ name: String) -> [String] {
    guard let target = sources.first(where: { $0.name == name }), target.type == .regular else { return [] }
    let below = target.dependencies.flatMap { dependency -> [String] in
        guard case .byNameItem(let name, _) = dependency else { return [] }
        return withAllBelow(name)
    }
    return [name] + below.filter { !$0.hasPrefix("CMuster") }
}

/// A target names what it imports; this adds what stands below that.
@MainActor
func completed(_ targets: [Target]) -> [Target] {
    for target in targets {
        var named: Set<String> = [target.name]
        var added: [Target.Dependency] = []
        for case .byNameItem(let name, _) in target.dependencies { named.insert(name) }
        for case .byNameItem(let name, _) in target.dependencies {
            for below in withAllBelow(name) where named.insert(below).inserted { added.append(.byName(name: below)) }
        }
        target.dependencies += added
    }
    return targets
}

let package = Package(
    name: "muster",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Muster", targets: Set(withAllBelow("Muster")).sorted()),
        .library(name: "MusterTestKit", targets: Set(withAllBelow("MusterTestKit")).sorted()),
        .executable(name: "muster", targets: ["muster"]),
        .executable(name: "muster-agent", targets: ["muster-agent"]),
        .executable(name: "digits-training", targets: ["DigitsTraining"]),
        .executable(name: "deepspeed-zero", targets: ["DeepSpeedZeRO"]),
        .executable(name: "mpi-heat", targets: ["MPIHeat"]),
        .executable(name: "mpi-numpy", targets: ["MPINumpy"]),
        .executable(name: "ray-tuning", targets: ["RayTuning"]),
        .executable(name: "tensorflow-multi-worker", targets: ["TensorFlowMultiWorker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-syntax.git", from: "603.0.1"),
    ],
    targets: completed(sources + examples + tests),
    swiftLanguageModes: [.v6]
)
