import FoundationEssentials
import ReplayCacheTestSupport
import Testing

/// The rooms of the library and what may stand in them (`style.md` section 1), read from the sources.
struct ArchitectureTests {
    private struct Source {
        /// Below `Sources/`.
        let path: String
        /// Without comments and the text of string literals, as far as lines tell.
        let lines: [String]

        func contains(word: String) -> Bool {
            lines.contains { line in
                line.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }).contains { $0 == word }
            }
        }

        private static let modifiers: Set = [
            "internal", "package", "public", "private", "fileprivate", "@testable", "@preconcurrency",
        ]

        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ")
                // `replaycache import` in a help text is none.
                guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
                    words[..<index].allSatisfy({ Self.modifiers.contains(String($0)) })
                else { return nil }
                return String(words[index + 1])
            }
        }
    }

    private static let sources: [Source] = {
        let folder = Surroundings.packageRoot() + "/Sources"
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let text = Tree.text("\(folder)/\(name)") ?? ""
            return Source(path: name, lines: text.split(separator: "\n").map { code(String($0)) })
        }
    }()

    private static func code(_ line: String) -> String {
        let trimmed = line.drop { $0 == " " }
        guard !trimmed.hasPrefix("//") else { return "" }
        // Every other piece between quotes is the text of a literal.
        let pieces = line.split(separator: "\"", omittingEmptySubsequences: false)
        let outside = pieces.enumerated().filter { $0.offset.isMultiple(of: 2) }.map { String($0.element) }
        let joined = outside.joined(separator: "\"\"")
        guard let comment = joined.firstRange(of: "// ") else { return joined }
        return String(joined[..<comment.lowerBound])
    }

    private func offenders(
        except allowed: [String] = [],
        _ isOffence: (Source) -> Bool
    ) -> [String] {
        #expect(Self.sources.count > 80)
        return Self.sources.filter(isOffence).map(\.path).filter { path in !allowed.contains { path.hasPrefix($0) } }
    }

    @Test
    func onlyNativeImportsCLibraries() {
        let modules = [
            "CSQLite", "COpenSSL", "CZstd", "CLinux", "CCurl", "CExpat", "CArchive", "CZlib", "Glibc", "Musl",
        ]
        let allowed = [
            "ReplayCache/Native/",
            // The one function that ends the process, and signals.
            "replaycache/Main.swift", "replaycache/Interruption.swift",
        ]
        #expect(offenders(except: allowed) { !Set($0.imports).isDisjoint(with: modules) }.isEmpty)
    }

    @Test
    func unsafeCodeLivesInNative() {
        let allowed = [
            "ReplayCache/Native/",
            // Executors hand jobs to the runtime.
            "ReplayCache/Support/QueueExecutor.swift", "ReplayCache/Support/BlockingPool.swift",
            // The `unownedExecutor` of the actors that hold a database.
            "ReplayCache/Catalog/Catalog.swift", "ReplayCache/Repository/PlaceStore.swift",
            "ReplayCache/Sync/SQLSession.swift",
        ]
        let words = ["unsafe", "Unmanaged", "OpaquePointer", "UnsafeRawPointer", "UnsafeMutableRawPointer"]
        #expect(offenders(except: allowed) { source in words.contains { source.contains(word: $0) } }.isEmpty)
    }

    @Test
    func nobodyPromisesSafetyWithoutShowingIt() {
        // `@unchecked Sendable` is for values that only forward to a call that is safe from any thread.
        let allowed = ["ReplayCache/Native/"]
        #expect(offenders(except: allowed) { $0.contains(word: "unchecked") }.isEmpty)
    }

    @Test
    func foundationStaysOut() {
        let modules = ["Foundation", "FoundationXML", "FoundationNetworking"]
        #expect(offenders { !Set($0.imports).isDisjoint(with: modules) }.isEmpty)
    }

    @Test
    func nothingTrapsOnPurpose() {
        #expect(offenders { $0.contains(word: "fatalError") }.isEmpty)
        #expect(offenders { source in source.lines.contains { $0.contains("try!") || $0.contains("as!") } }.isEmpty)
    }

    @Test
    func remotesKnowNoDatabase() {
        let words = ["Database", "SQLiteValue", "SQLiteError", "Statement", "Row", "Catalog", "PlaceStore"]
        let offenders = offenders { source in
            source.path.hasPrefix("ReplayCache/Remote/") && words.contains { source.contains(word: $0) }
        }
        #expect(offenders.isEmpty)
    }

    @Test
    func theCatalogKnowsNoRemote() {
        let words = ["Remote", "RemoteKey", "RemoteBody", "MeteredRemote", "DirectoryRemote"]
        let offenders = offenders { source in
            source.path.hasPrefix("ReplayCache/Catalog/") && words.contains { source.contains(word: $0) }
        }
        #expect(offenders.isEmpty)
    }

    @Test
    func theEngineKnowsNoKindOfRemote() {
        let offenders = offenders { source in
            source.path.hasPrefix("ReplayCache/Sync/") && source.contains(word: "DirectoryRemote")
        }
        #expect(offenders.isEmpty)
    }

    @Test
    func nothingAboveTheRemotesKnowsHowBytesTravel() {
        let words = ["HTTPClient", "HTTPRequest", "HTTPFailure", "S3Client", "S3Request", "S3Failure"]
        let offenders = offenders { source in
            ["ReplayCache/Sync/", "ReplayCache/Doctor/", "ReplayCache/Repository/", "replaycache/"].contains {
                source.path.hasPrefix($0)
            }
                && words.contains { source.contains(word: $0) }
        }
        #expect(offenders.isEmpty)
    }

    @Test
    func contentAndReplaysKnowNothingAboveThem() {
        let words = ["Catalog", "PlaceStore", "Repository", "Remote", "Workspace", "SyncContext"]
        let offenders = offenders { source in
            ["ReplayCache/Content/", "ReplayCache/Slippi/", "ReplayCache/Native/"].contains {
                source.path.hasPrefix($0)
            }
                && words.contains { source.contains(word: $0) }
        }
        #expect(offenders.isEmpty)
    }

    @Test
    func theCommandIsBuiltOnTheLibraryAlone() {
        let allowed: Set = [
            "ReplayCache", "ArgumentParser", "Logging", "SystemPackage", "Synchronization", "FoundationEssentials",
            "Dispatch", "Glibc",
        ]
        let offenders = offenders { $0.path.hasPrefix("replaycache/") && !Set($0.imports).isSubset(of: allowed) }
        #expect(offenders.isEmpty)
    }

    @Test
    func noSourceFileIsLongerThanCanBeTakenIn() {
        #expect(offenders { $0.lines.count > 400 }.isEmpty)
    }
}
