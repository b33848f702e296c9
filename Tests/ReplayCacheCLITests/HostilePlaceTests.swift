import ReplayCache
import ReplayCacheTestSupport
import Testing

/// What the command does with a remote that means harm: its exit status, its words, and nothing outside the destination.
struct HostilePlaceTests {
    private let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox(below: Scratch.memory) }

    private func plant(_ paths: [String], content: String) throws {
        let digest = try Digest.of(Array(content.utf8))
        let key = ObjectKey(digest: digest, form: .content(.raw)).remoteKey.string
        let size = Int64(content.utf8.count)
        try sandbox.write("remote/\(key)", content)
        let segment = Segment(
            repository: "r",
            writer: newWriterName(),
            hlc: HLC(milliseconds: Timestamp.now().milliseconds),
            operations: [.obj(.init(sha256: digest, size: size, key: key, encodedSize: size))]
                + paths.map { .put(.init(path: $0, sha256: digest, was: nil, size: size, mtime: 0)) }
        )
        let (name, bytes) = try segment.encoded(number: 0)
        try sandbox.write("remote/\(name.remoteKey)", bytes)
    }

    @Test func hostilePathsAreToldWithStatus4AndNothingElseHappens() async throws {
        try sandbox.write("slp/a.txt", "a")
        try await sandbox.run("push", "slp", "remote", machine: "author")
        // The last ones would clear the screen, and turn the order of what is printed.
        let paths = [
            "../../etc/passwd", "/etc/passwd", "replays/../../x", "replays/a\0b", "\u{1B}[2J/x", "../\u{202E}x",
            "replays/" + String(repeating: "n", count: 4000),
        ]
        try plant(paths, content: "planted")
        try sandbox.write("x", "sentinel")
        try sandbox.write("etc/passwd", "sentinel")
        let before = sandbox.files(".").filter { !$0.hasPrefix("pod/") && !$0.hasPrefix("laptop-home/") }
        for arguments in [["fetch", "remote", "pod"], ["ls", "remote"], ["push", "slp", "remote"]] {
            let result = try await sandbox.run(try sandbox.configuration(arguments))
            #expect([0, 4].contains(result.status), "\(arguments): \(result.errors)")
            if arguments[0] == "fetch" { #expect(result.status == 4, "\(result.errors)") }
            for text in [result.errors, result.output] {
                #expect(!text.unicodeScalars.contains { ($0.value < 32 && $0 != "\n") || $0 == "\u{202E}" })
            }
        }
        #expect(sandbox.files("pod") == ["a.txt"])
        #expect(sandbox.files(".").filter { !$0.hasPrefix("pod/") && !$0.hasPrefix("laptop-home/") } == before)
        #expect(try sandbox.read("x") == Array("sentinel".utf8))
        #expect(try sandbox.read("etc/passwd") == Array("sentinel".utf8))
    }
}
