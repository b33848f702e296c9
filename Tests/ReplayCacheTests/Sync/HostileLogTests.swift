import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Recipes and segments that were made to do harm.
struct HostileLogTests {
    private static let partByteCount = Int(Recipe.partByteCount)

    /// A recipe of a content of 40 MiB whose parts are changed by `change`, published as `large.bin`.
    private func plantRecipe(_ bench: HostileBench, _ change: (inout [[String: JSONValue]]) -> Void) throws {
        let content = SampleBytes.large(40 << 20)
        var parts: [[String: JSONValue]] = []
        for start in stride(from: 0, to: content.count, by: Self.partByteCount) {
            let part = try bench.store(Array(content[start..<min(start + Self.partByteCount, content.count)]))
            parts.append([
                "sha256": .string(part.sha256.hex), "key": .string(part.key),
                "encodedSize": .number(Double(part.encodedSize)),
            ])
        }
        change(&parts)
        let recipe: [String: JSONValue] = [
            "size": .number(Double(content.count)), "partSize": .number(Double(Self.partByteCount)),
            "parts": .array(parts.map { .object($0) }),
        ]
        let digest = try Digest.of(content)
        let key = ObjectKey(digest: digest, form: .recipe).remoteKey.string
        try Tree.write(try JSON.line(recipe), to: "\(bench.place.directory)/\(key)")
        let object = Operation.Obj(sha256: digest, size: Int64(content.count), key: key, encodedSize: 0)
        try bench.plant([.obj(object), bench.put("replays/large.bin", object)])
    }

    @Test
    func aRecipeNamesNothingButItsParts() async throws {
        let bench = try await HostileBench()
        let harmless = try Digest.of(Array("harmless".utf8))
        let elsewhere = [
            "../../etc/passwd", "/etc/passwd", "replaycache.json", "log/x", "objects/../../etc/passwd",
            ObjectKey(digest: harmless, form: .content(.raw)).remoteKey.string, "",
            // A recipe in a recipe, and one that contains itself.
            ObjectKey(digest: harmless, form: .recipe).remoteKey.string,
            ObjectKey(digest: try Digest.of(SampleBytes.large(40 << 20)), form: .recipe).remoteKey.string,
        ]
        for key in elsewhere {
            try plantRecipe(bench) { $0[1]["key"] = .string(key) }
            let summary = try await bench.victim.fetch(from: bench.place)
            #expect(summary.filesFailed == 1, "\(key)")
            #expect(summary.failure?.code == .integrity, "\(key)")
            #expect(bench.victim.text("harmless.txt") == "harmless", "\(key)")
            #expect(!Tree.exists(bench.victim.at("large.bin")), "\(key)")
            try bench.expectSurroundingsUntouched("\(key)")
        }
        // A part that is another one, which has its own digest.
        try plantRecipe(bench) { $0[1] = $0[0] }
        #expect(try await bench.victim.fetch(from: bench.place).failure?.code == .integrity)
        #expect(!Tree.exists(bench.victim.at("large.bin")))
        // An honest one mends it.
        try plantRecipe(bench) { _ in }
        #expect(try await bench.victim.fetch(from: bench.place).failure == nil)
        #expect(try Tree.read(bench.victim.at("large.bin")) == SampleBytes.large(40 << 20))
    }

    @Test
    func aSegmentUnderAnotherNameIsSetAside() async throws {
        let bench = try await HostileBench()
        let object = try bench.store(Array("planted".utf8))
        let path = try bench.plant([.obj(object), bench.put("replays/moved.txt", object)])
        let bytes = try Tree.read(path)
        // As if it had been written later, or by somebody else.
        let key = try #require(SegmentKey("log/" + String(path.split(separator: "/").last ?? "")))
        let later = SegmentKey(
            hlc: HLC(milliseconds: key.hlc.milliseconds + 60_000),
            writer: key.writer,
            number: 0,
            check: key.check
        )
        let other = SegmentKey(hlc: key.hlc, writer: newWriterName(), number: 0, check: key.check)
        let lying = SegmentKey(hlc: key.hlc, writer: key.writer, number: 0, check: "00000000")
        try Tree.remove(path)
        for key in [later, other, lying] { try Tree.write(bytes, to: "\(bench.place.directory)/\(key.remoteKey)") }
        try bench.expectOnlyTheHarmlessFile(try await bench.victim.fetch(from: bench.place))
        #expect(bench.victim.told(.warning).count == 3)
    }

    @Test
    func aSegmentThatIsThereTwiceCountsOnce() async throws {
        let bench = try await HostileBench()
        let (one, two) = (try bench.store(Array("one".utf8)), try bench.store(Array("two".utf8)))
        let path = try bench.plant([.obj(one), bench.put("replays/twice.txt", one)])
        try bench.plant([.obj(two), bench.put("replays/twice.txt", two)])
        // The same text as another number of the same writer.
        let key = try #require(SegmentKey("log/" + String(path.split(separator: "/").last ?? "")))
        let again = SegmentKey(hlc: key.hlc, writer: key.writer, number: 7, check: key.check)
        try Tree.write(try Tree.read(path), to: "\(bench.place.directory)/\(again.remoteKey)")
        let summary = try await bench.victim.fetch(from: bench.place)
        #expect(summary.failure == nil)
        #expect(try bench.victim.files() == ["harmless.txt", "twice.txt"])
        #expect(["one", "two"].contains(bench.victim.text("twice.txt")))
    }

    @Test
    func segmentsInAnyOrderOfArrivalShowTheSame() async throws {
        let bench = try await HostileBench()
        let objects = try (0..<6).map { try bench.store(Array("content \($0)".utf8)) }
        var paths: [String] = []
        for object in objects {
            paths.append(try bench.plant([.obj(object), bench.put("replays/x.txt", object)]))
        }
        let segments = try paths.map { ($0, try Tree.read($0)) }
        for path in paths { try Tree.remove(path) }
        var seen: Set<Digest> = []
        for order in [
            segments, segments.reversed(),
            [segments[3], segments[0], segments[5], segments[1], segments[4], segments[2]],
        ] {
            let reader = try await Laptop("reader-\(order[0].0.suffix(40))", in: bench.scratch)
            for (path, bytes) in order {
                try Tree.write(bytes, to: path)
                #expect(try await reader.entries(at: bench.place).count == 2)
            }
            seen.insert(try #require(try await reader.entries(at: bench.place)["replays/x.txt"]))
            for path in paths { try Tree.remove(path) }
        }
        #expect(seen.count == 1)
    }

    @Test
    func manyTinyLinesAreReadAndToldInFewWords() async throws {
        let bench = try await HostileBench()
        let count = 30_000
        // Of versions to come, of none, and paths that lead elsewhere.
        try bench.plant(lines: [String](repeating: #"{"op":"later"}"#, count: count))
        try bench.plant(lines: [String](repeating: "x", count: count))
        let digest = try Digest.of([1]).hex
        try bench.plant(
            lines: (0..<100).map { #"{"op":"put","path":"../\#($0)","sha256":"\#(digest)","size":1,"mtime":0}"# }
        )
        try bench.expectOnlyTheHarmlessFile(try await bench.victim.fetch(from: bench.place))
        #expect((2...50).contains(bench.victim.told(.warning).count))
        #expect(bench.victim.told(.warning).contains { $0.contains("29,9") })
        // The next contact has nothing to read.
        #expect(try await bench.victim.fetch(from: bench.place).requests.get == 0)
    }
}
