import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// A remote that claims impossible numbers: no command dies of one, and none is passed on.
struct HostileNumberTests {
    private let scratch: Scratch
    private let author: Laptop
    private let victim: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        author = try await Laptop("author", in: scratch)
        victim = try await Laptop("victim", in: scratch)
        place = try scratch.place()
        try author.write("harmless", to: "harmless.txt")
        try await author.push(to: place)
    }

    /// The operations of one file, with each number in angle brackets by name.
    private static let template = """
        {"op":"obj","sha256":"DIGEST","size":<obj size 7>,"key":"objects/HH/DIGEST<generation .1>.raw",\
        "encodedSize":<encodedSize 7>}
        {"op":"put","path":"replays/NAME","sha256":"DIGEST","size":<size 7>,"mtime":<mtime 1>,"reader":<reader 1>,\
        "replay":{"stageID":<stageID 3>,"timerSeconds":<timerSeconds 480>,"majorScene":<majorScene 8>,\
        "startedAtMilliseconds":<startedAtMilliseconds 1>,"lastFrame":<lastFrame 100>,"isComplete":true,\
        "endMethod":<endMethod 2>,"lrasPort":<lrasPort 1>,"placements":[<placement 0>,1,-1,-1],\
        "winnerPorts":[<winnerPort 1>],"gameNumber":<gameNumber 1>,"tiebreaker":<tiebreaker 0>,\
        "randomSeed":<randomSeed 1>,"rawLength":<rawLength 5>,"eventRange":[<eventRange start 1>,<eventRange end 5>],\
        "players":[{"port":<port 1>,"characterID":<characterID 1>,"startCharacterID":<startCharacterID 1>,\
        "characterIDsPlayed":[<characterIDsPlayed 1>],"type":"human","costume":<costume 0>,\
        "startStocks":<startStocks 4>,"endStocks":<endStocks 1>,"team":<team 0>,"cpuLevel":<cpuLevel 1>}]}}
        {"op":"ckpt","run":"fox","name":"NAME","step":<step 1>,"metrics":{"loss":<metric 1>},\
        "files":[{"name":"f","sha256":"DIGEST","size":<ckpt size 7>}]}
        """

    /// Names of the numbers, and what stands there otherwise.
    private static let fields: [(name: String, usual: String)] = template.split(separator: "<").dropFirst().map {
        piece in
        let words = piece.prefix { $0 != ">" }.split(separator: " ")
        return (words.dropLast().joined(separator: " "), String(words.last ?? ""))
    }

    private static let extremes = [
        "9223372036854775807", "-9223372036854775808", "-1", "9007199254740992", "4294967296", "1e300", "0.5",
    ]

    /// What is wrong in one of these is refused with its line; what is wrong elsewhere is passed over.
    private static let decisive = [
        "obj size", "generation", "encodedSize", "size", "mtime", "step", "metric", "ckpt size",
    ]

    /// Publishes a file of seven bytes whose operations have `value` in `field`; its object is there.
    private func plant(_ field: String, _ value: String, name: String) throws {
        let content = Array(name.utf8)
        let digest = try Digest.of(content)
        var text = Self.template.replacing("DIGEST", with: digest.hex).replacing("NAME", with: name)
            .replacing("HH", with: digest.hex.prefix(2))
        for (name, usual) in Self.fields {
            let number = name == "generation" ? ".\(value)" : value
            text = text.replacing("<\(name) \(usual)>", with: name == field ? number : usual)
        }
        #expect(!text.contains("<"))
        let operations = text.split(separator: "\n").map { Operation.unknown(String($0)) }
        let now = HLC(milliseconds: Timestamp.now().milliseconds)
        let segment = Segment(repository: "r", writer: newWriterName(), hlc: now, operations: operations)
        let (key, bytes) = try segment.encoded(number: 0)
        try Tree.write(bytes, to: "\(place.directory)/\(key.remoteKey)")
        try Tree.write(content, to: "\(place.directory)/objects/\(digest.hex.prefix(2))/\(digest.hex).1.raw")
    }

    @Test(arguments: fields.map(\.name))
    func noNumberFromARemoteEndsACommand(_ field: String) async throws {
        for (index, value) in Self.extremes.enumerated() {
            try plant(field, value, name: "\(index).bytes")
        }
        let fetch = try await victim.fetch(from: place)
        #expect(fetch.filesPlaced >= 1)
        if !Self.decisive.contains(field) { #expect(fetch.filesPlaced == 1 + Self.extremes.count) }
        #expect(victim.text("harmless.txt") == "harmless")
        #expect(try await victim.entries(at: place)["replays/harmless.txt"] != nil)
        _ = try await victim.workspace.status(victim.folder, at: place, path: LogicalPath("replays"))
        _ = try await victim.workspace.checkpoints(of: nil, at: place)
        for scope in [Workspace.QueryScope.everything, .place(place)] {
            for row in try await victim.workspace.query(Selection(), in: scope) {
                #expect((1..<(1 << 25)).contains(row.frames ?? 1))
                #expect((0...0xFFFF).contains(row.stageId ?? 0))
                #expect((row.winnerPorts ?? []).allSatisfy { (1...4).contains($0) })
                for player in row.players {
                    #expect((1...4).contains(player.port))
                    #expect((0...255).contains(player.characterId))
                }
            }
        }
    }

    @Test
    func theUsualNumbersAreAllTaken() async throws {
        try plant("none", "", name: "u.bytes")
        let fetch = try await victim.fetch(from: place)
        #expect(fetch.failure == nil)
        #expect(fetch.filesPlaced == 2)
        let row = try #require(try await victim.workspace.query(Selection(), in: .place(place)).first)
        #expect(row.frames == 224)
        #expect(row.players.map(\.port) == [1])
        #expect(row.winnerPorts == [1])
    }

    @Test
    func aSizeThatIsMadeUpIsPutRightByAnHonestPush() async throws {
        let content = Array("honest".utf8)
        let digest = try Digest.of(content)
        try await author.commit(
            [.put(.init(path: "replays/lie.txt", sha256: digest, was: nil, size: 99, mtime: 0))],
            to: place
        )
        #expect(try await victim.fetch(from: place).filesFailed == 1)
        try author.write("honest", to: "honest.txt")
        try await author.push(to: place)
        #expect(try await victim.fetch(from: place).failure == nil)
        #expect(victim.text("honest.txt") == "honest")
        #expect(victim.text("lie.txt") == "honest")
        // Also when the lie is about an object.
        let key = ObjectKey(digest: digest, form: .content(.raw)).remoteKey.string
        try await author.commit([.obj(.init(sha256: digest, size: 99, key: key, encodedSize: 6))], to: place)
        try author.write("honest", to: "again.txt")
        try await author.push(to: place)
        let late = try await Laptop("late", in: scratch)
        #expect(try await late.fetch(from: place).failure == nil)
        #expect(late.text("again.txt") == "honest")
    }

    /// A list of condemned keys may name a generation after which there is none.
    @Test(arguments: ["9223372036854775807", "1000000000", "2147483648"])
    func noGenerationOfACondemnedKeyEndsAPush(_ generation: String) async throws {
        let content = Array("wanted".utf8)
        let digest = try Digest.of(content).hex
        let text = Array(#"{"keys":["objects/\#(digest.prefix(2))/\#(digest).\#(generation).raw"],"v":1}"#.utf8)
        var frame: [UInt8] = []
        try ZstdCompressor(level: 1, byteCount: Int64(text.count)).compress(text.span, isLast: true, into: &frame)
        let list = CondemnedListKey(time: .now(), id: newWriterName()).remoteKey
        try Tree.write(frame, to: "\(place.directory)/\(list)")
        try victim.write("wanted", to: "wanted.txt")
        #expect(try await victim.push(to: place).entriesAdded == 1)
        #expect(try await author.fetch(from: place).failure == nil)
        #expect(author.text("wanted.txt") == "wanted")
    }
}
