// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "replaycache",
    products: [
        .library(name: "ReplayCache", targets: ["ReplayCache"]),
        .executable(name: "replaycache", targets: ["ReplayCacheCLI"]),
        .executable(name: "generate-replays", targets: ["GenerateReplays"]),
        .executable(name: "read-replays", targets: ["ReadReplays"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .target(
            name: "ReplayCache",
            dependencies: [
                "CArchive", "CCurl", "CExpat", "CLinux", "CSQLite", "COpenSSL", "CZlib", "CZstd",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            resources: [
                .embedInCode("../../schema/m0001_catalog.sql"),
                .embedInCode("../../schema/m0002_reader.sql"),
                .embedInCode("../../schema/m0003_engine.sql"),
                .embedInCode("../../schema/m0004_games.sql"),
                .embedInCode("../../schema/m0006_events.sql"),
                .embedInCode("../../schema/views.sql"),
                .embedInCode("../../schema/base.sql"),
                .embedInCode("../../schema/base_4.sql"),
                .embedInCode("../../schema/base_local.sql"),
                .embedInCode("../../schema/base_later.sql"),
                .embedInCode("../../schema/prices.json"),
            ],
            swiftSettings: strict
        ),
        // The folder is `replaycache`, the target is not: a build folder must not hold two modules whose names
        // differ only in case (SwiftPM issue 4746).
        .executableTarget(
            name: "ReplayCacheCLI",
            dependencies: [
                "ReplayCache",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/replaycache",
            swiftSettings: strict
        ),
        // Spec-valid replays of any version, for the quickstart, the tests and the benchmarks.
        .target(name: "ReplayGenerator", path: "Tests/Support/ReplayGenerator", swiftSettings: strict),
        .executableTarget(
            name: "GenerateReplays",
            dependencies: [
                "ReplayGenerator",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Support/GenerateReplays",
            swiftSettings: strict
        ),
        // The reader by itself, for comparing it with others.
        .executableTarget(
            name: "ReadReplays",
            dependencies: [
                "ReplayCache",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Support/ReadReplays",
            swiftSettings: strict
        ),
        .target(
            name: "ReplayCacheTestSupport",
            dependencies: [
                "ReplayCache", "ReplayGenerator",
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            path: "Tests/Support/ReplayCacheTestSupport",
            swiftSettings: strict
        ),
        .testTarget(
            name: "ReplayCacheTests",
            dependencies: [
                "COpenSSL", "ReplayCache", "ReplayCacheTestSupport", "ReplayGenerator",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ReplayCacheCLITests",
            dependencies: [
                "ReplayCacheCLI", "ReplayCache", "ReplayCacheTestSupport", "ReplayGenerator",
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
