import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// A repository into which anyone writes what he likes, a machine that fetches from it, and files around the destination
/// that nobody may touch.
struct HostileBench {
    let scratch: Scratch
    let author: Laptop
    let victim: Laptop
    let place: Place
    /// Where the sentinels are: beside the destination, above it, and where a hostile path would lead.
    private let sentinels: [String: [String]]

    init() async throws {
        scratch = try Scratch(below: Scratch.memory)
        author = try await Laptop("author", in: scratch)
        victim = try await Laptop("outer/inner/victim", in: scratch)
        place = try scratch.place()
        try author.write("harmless", to: "harmless.txt")
        try await author.push(to: place)
        for path in ["passwd", "etc/passwd", "outer/x", "outer/etc/passwd", "outer/inner/x", "outer/inner/victim-2/x"] {
            try Tree.write("sentinel", to: scratch.at(path), modifiedAt: 1_600_000_000)
        }
        sentinels = try Self.surroundings(scratch)
    }

    /// Every item around the destination, but for the local state and the repository.
    private static func surroundings(_ scratch: Scratch) throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        for name in ["passwd", "etc", "outer"] {
            found[name] = try Tree.listing(of: scratch.at(name)).filter { line in
                !line.hasPrefix("inner/victim/") && !line.hasPrefix("inner/victim ") && !line.contains("victim-home")
                    && !line.hasPrefix("inner ")
            }
        }
        return found
    }

    /// Nothing around the destination was made, changed or removed.
    func expectSurroundingsUntouched(_ comment: Comment? = nil) throws {
        #expect(try Self.surroundings(scratch) == sentinels, comment)
    }

    /// Puts a segment into the log, as anyone with a key can.
    @discardableResult
    func plant(_ operations: [ReplayCache.Operation], number: Int = 0) throws -> String {
        let now = HLC(milliseconds: Timestamp.now().milliseconds)
        let segment = Segment(repository: "r", writer: newWriterName(), hlc: now, operations: operations)
        let (key, bytes) = try segment.encoded(number: number)
        let path = "\(place.directory)/\(key.remoteKey)"
        try Tree.write(bytes, to: path)
        return path
    }

    /// Lines that this program would not write.
    func plant(lines: [String]) throws { try plant(lines.map { .unknown($0) }) }

    /// Stores bytes as what they are, and tells where.
    func store(_ bytes: [UInt8]) throws -> ReplayCache.Operation.Obj {
        let digest = try Digest.of(bytes)
        let key = ObjectKey(digest: digest, form: .content(.raw)).remoteKey.string
        try Tree.write(bytes, to: "\(place.directory)/\(key)")
        return .init(sha256: digest, size: Int64(bytes.count), key: key, encodedSize: Int64(bytes.count))
    }

    func put(_ path: String, _ object: ReplayCache.Operation.Obj) -> ReplayCache.Operation {
        .put(.init(path: path, sha256: object.sha256, was: nil, size: object.size, mtime: 0))
    }

    /// Only what an honest machine published is there, and the rest was told.
    func expectOnlyTheHarmlessFile(_ summary: SyncSummary, _ comment: Comment? = nil) throws {
        #expect(summary.failure?.code == .integrity, comment)
        #expect(try victim.files() == ["harmless.txt"], comment)
        #expect(victim.text("harmless.txt") == "harmless", comment)
        try expectSurroundingsUntouched(comment)
    }
}
