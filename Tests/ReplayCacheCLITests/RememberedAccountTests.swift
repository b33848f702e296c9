import ReplayCache
import ReplayCacheTestSupport
import Testing

/// What is remembered of a B2 account is asked for again when it turns out to be wrong (`providers.md` section 1).
struct RememberedAccountTests {
    @Test func aServerThatMovedIsFoundAgain() async throws {
        let sandbox = try CommandLineSandbox()
        let bucket = try await TestServer.shared(.quirks(.b2)).makeBucket()
        let place = "b2:\(bucket.name)/melee"
        try sandbox.write("slp/a.slp", "x")
        let pushed = try await sandbox.run("push", "slp", place, environment: bucket.b2Variables())
        #expect(pushed.status == 0, "\(pushed.errors)")

        let name = try #require(sandbox.files("laptop-home/accounts").first)
        let path = "laptop-home/accounts/\(name)"
        let account = String(decoding: try sandbox.read(path), as: UTF8.self)
        let server = "127.0.0.1:\(bucket.server.port)"
        #expect(account.contains(server))
        // Nobody listens there.
        try sandbox.write(path, account.replacing(server, with: "127.0.0.1:1"))

        let listed = try await sandbox.run("ls", place, environment: bucket.b2Variables())
        #expect(listed.status == 0, "\(listed.errors)")
        #expect(listed.output.contains("a.slp"))
        #expect(String(decoding: try sandbox.read(path), as: UTF8.self) == account)

        try sandbox.write(path, account.replacing(server, with: "127.0.0.1:1"))
        try sandbox.write("slp/b.slp", "y")
        let again = try await sandbox.run("push", "slp", place, environment: bucket.b2Variables())
        #expect(again.status == 0, "\(again.errors)")
    }
}
