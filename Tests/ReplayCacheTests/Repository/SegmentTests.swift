import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Segments as bytes (`design.md` section 3).
struct SegmentTests {
    private static let digest = Digest(hex: String(repeating: "ab", count: 32))

    private static func operations() throws -> [Operation] {
        let digest = try #require(digest)
        let replay = try ReplayReader.read(ByteArraySource(SampleBytes.replay()))
        return [
            .obj(.init(sha256: digest, size: 10, key: "objects/ab/\(digest.hex).zst", encodedSize: 5)),
            .put(.init(path: "replays/ä\n\"x.slp", sha256: digest, was: nil, size: 10, mtime: -5)),
            .put(
                .init(path: "replays/b", sha256: digest, was: digest, size: 10, mtime: 1, replay: replay, reader: 3)
            ),
            .del(.init(path: "replays/c", was: digest)),
            .ckpt(
                .init(
                    run: "fox",
                    name: "best",
                    step: 9000,
                    files: [.init(name: "model.pt", sha256: digest, size: 10)],
                    parent: digest,
                    metrics: ["loss": Metric(0.125), "score": Metric(.infinity)],
                    note: "first"
                )
            ),
            .unknown(#"{"op":"policy","run":"fox","keep":{"last":7}}"#),
        ]
    }

    private static func segment() throws -> Segment {
        Segment(
            repository: "r",
            writer: "00000000000000ff",
            hlc: HLC(milliseconds: 1_790_000_000_000),
            operations: try operations()
        )
    }

    private static func stored(_ text: String) throws -> (key: SegmentKey, bytes: [UInt8]) {
        let bytes = Array(text.utf8)
        let key = SegmentKey(
            hlc: HLC(milliseconds: 1_790_000_000_000),
            writer: "00000000000000ff",
            number: 0,
            check: try Digest.of(bytes).short
        )
        var frame: [UInt8] = []
        try ZstdCompressor(level: 1, byteCount: Int64(bytes.count)).compress(bytes.span, isLast: true, into: &frame)
        return (key, frame)
    }

    @Test
    func aSegmentComesBackWithOperationsThatNobodyKnowsYet() throws {
        let segment = try Self.segment()
        let (key, bytes) = try segment.encoded(number: 4)
        #expect(key.number == 4)
        #expect(try Segment.decode(bytes, key: key) == segment)
    }

    @Test
    func notANumberSurvivesAsAMetric() throws {
        let line = try JSON.line(["loss": Metric(.nan)])
        #expect(try JSON.decode([String: Metric].self, from: line)["loss"]?.value.isNaN == true)
    }

    @Test
    func fieldsOfVersionsToComeAreReadOver() throws {
        let digest = try #require(Self.digest).hex
        let (key, bytes) = try Self.stored(
            """
            {"v":1,"repository":"r","writer":"00000000000000ff","hlc":"20260921T141320000Z","host":"h","tool":"t","x":1}
            {"op":"del","path":"replays/a","was":"\(digest)","reason":"later"}

            """
        )
        let expected = Operation.del(.init(path: "replays/a", was: try #require(Self.digest)))
        #expect(try Segment.decode(bytes, key: key).operations == [expected])
    }

    @Test
    func aSegmentIsRefusedAtWhateverByteItIsDamaged() throws {
        let (key, bytes) = try Self.segment().encoded(number: 0)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x20
            // A flipped bit in a header field that does not matter may leave the text as it was, but never change it.
            if let decoded = try? Segment.decode(damaged, key: key) { #expect(try decoded == Self.segment()) }
        }
    }

    @Test
    func aSegmentIsRefusedAtWhateverByteItIsCut() throws {
        let (key, bytes) = try Self.segment().encoded(number: 0)
        for count in bytes.indices {
            #expect(throws: (any Error).self) { try Segment.decode(Array(bytes.prefix(count)), key: key) }
        }
        #expect(throws: (any Error).self) { try Segment.decode(bytes + bytes, key: key) }
    }

    @Test
    func aSegmentUnderAnotherNameIsRefused() throws {
        let (key, bytes) = try Self.segment().encoded(number: 0)
        let names = [
            SegmentKey(hlc: HLC(milliseconds: 1), writer: key.writer, number: 0, check: key.check),
            SegmentKey(hlc: key.hlc, writer: "00000000000000fe", number: 0, check: key.check),
            SegmentKey(hlc: key.hlc, writer: key.writer, number: 0, check: "00000000"),
        ]
        for name in names { #expect(throws: SegmentError.self) { try Segment.decode(bytes, key: name) } }
    }

    @Test(
        arguments: [
            "", "\n", "not json\n", "[]\n",
            #"{"v":2,"repository":"r","writer":"00000000000000ff","hlc":"20260921T141320000Z","host":"h","tool":"t"}"#,
            #"{"v":1,"repository":"r","writer":"00000000000000ff","host":"h","tool":"t"}"#,
        ]
    )
    func aTextThatIsNoSegmentIsRefusedInWords(_ text: String) throws {
        let (key, bytes) = try Self.stored(text)
        #expect {
            try Segment.decode(bytes, key: key)
        } throws: { error in
            error is SegmentError && !"\(error)".contains("Context")
        }
    }

    private static let header =
        #"{"v":1,"repository":"r","writer":"00000000000000ff","hlc":"20260921T141320000Z","host":"h","tool":"t"}"#
        + "\n"

    @Test(
        arguments: [
            (#"{"op":"put","path":"replays/a","sha256":"DIGEST","size":5.5,"mtime":0}"#, "a number in it does not fit"),
            (#"{"op":"put","path":"replays/a","sha256":"DIGEST","mtime":0}"#, #""size" is missing"#),
            (#"{"op":"put","path":"replays/a","sha256":"x","size":1,"mtime":0}"#, #""sha256" does not hold"#),
            (#"{"op":"ckpt","run":"r","name":"n","metrics":{},"files":[{"name":"f","size":1}]}"#, "sha256"),
            (#"{"path":"no operation"}"#, #""op" is missing"#),
            (#"{"op":5}"#, #""op" does not hold"#), ("[]", "no JSON"), ("not json", "no JSON"),
            ("\u{0}", "no JSON"),
        ]
    )
    func aLineThatIsNoOperationDoesNotTakeTheOthersWithIt(_ line: String, _ named: String) throws {
        let digest = try #require(Self.digest)
        let good = #"{"op":"del","path":"replays/a","was":"DIGEST"}"#
        let text = [line, good].joined(separator: "\n").replacing("DIGEST", with: digest.hex)
        let (key, bytes) = try Self.stored(Self.header + text)
        let operations = try Segment.decode(bytes, key: key).operations
        #expect(operations.count == 2)
        #expect(operations.last == .del(.init(path: "replays/a", was: digest)))
        guard case .unreadable(_, let reason)? = operations.first else {
            Issue.record("\(operations) has no line that cannot be read")
            return
        }
        #expect(reason.contains(named))
        #expect(!reason.contains("Context"))
    }

    @Test(
        arguments: [
            #""replay":{"players":[{"port":1}],"isComplete":true},"reader":1"#, #""replay":7,"reader":1"#,
            #""replay":{"players":[],"isComplete":true,"randomSeed":-1}"#, #""replay":null,"reader":"one""#,
            #""replay":{"players":[],"isComplete":true,"eventRange":[5,1]}"#,
        ]
    )
    func aReplayThatCannotBeReadIsAsGoodAsNone(_ fields: String) throws {
        let digest = try #require(Self.digest)
        let line = #"{"op":"put","path":"replays/a","sha256":"\#(digest.hex)","size":1,"mtime":0,\#(fields)}"#
        let (key, bytes) = try Self.stored(Self.header + line)
        guard case .put(let put)? = try Segment.decode(bytes, key: key).operations.first else {
            Issue.record("the put is not read")
            return
        }
        #expect(put.path == "replays/a")
        #expect(put.replay == nil)
    }

    @Test
    func aSegmentThatWouldFillTheMemoryIsRefused() throws {
        let zeros = [UInt8](repeating: 10, count: 1 << 20)
        let compressor = try ZstdCompressor(level: 1, byteCount: Int64(Segment.maximumByteCount) * 2)
        var bomb: [UInt8] = []
        for _ in 0..<(Segment.maximumByteCount >> 20) + 1 {
            try compressor.compress(zeros.span, isLast: false, into: &bomb)
        }
        let key = try Self.segment().encoded(number: 0).key
        #expect(bomb.count < 1 << 20)
        #expect(throws: SegmentError.self) { try Segment.decode(bomb, key: key) }
    }

    @Test
    func theIdentityOfACheckpointIsThatOfItsRunNameStepAndFiles() throws {
        let digest = try #require(Self.digest)
        let files = [
            Operation.Checkpoint.File(name: "b", sha256: digest, size: 1),
            Operation.Checkpoint.File(name: "a", sha256: digest, size: 1),
        ]
        let one = Operation.Checkpoint(run: "r", name: "n", step: 1, files: files)
        let reordered = Operation.Checkpoint(run: "r", name: "n", step: 1, files: files.reversed(), note: "x")
        #expect(try one.identity == reordered.identity)
        #expect(try one.identity != Operation.Checkpoint(run: "r", name: "n", step: 2, files: files).identity)
        #expect(try one.identity != Operation.Checkpoint(run: "r", name: "m", step: 1, files: files).identity)
        #expect(try one.identity != Operation.Checkpoint(run: "r", name: "n", step: 1, files: [files[0]]).identity)
    }

    @Test
    func noNameOfAFilePassesForAnotherFile() throws {
        let digest = try #require(Self.digest)
        let one = [Operation.Checkpoint.File(name: "a\n\(digest.hex) 1 b", sha256: digest, size: 1)]
        let two = ["a", "b"].map { Operation.Checkpoint.File(name: $0, sha256: digest, size: 1) }
        #expect(
            try Operation.Checkpoint(run: "r", name: "n", step: 1, files: one).identity
                != Operation.Checkpoint(run: "r", name: "n", step: 1, files: two).identity
        )
    }
}
