import Synchronization
import Testing

@testable import ReplayCache

/// When a remembered address is asked for again.
struct RenewableRemoteTests {
    /// Answers `head` as told, in order, and nothing else.
    private final class Scripted: Remote {
        enum Answer { case nothing, stranger, denied }
        private let answers: Mutex<[Answer]>

        init(_ answers: [Answer]) { self.answers = Mutex(answers) }

        func head(_ key: RemoteKey) async throws -> RemoteItem? {
            let answer = answers.withLock { $0.isEmpty ? .nothing : $0.removeFirst() }
            guard answer != .nothing else { return nil }
            var error = ReplayCacheError(.configuration, "as told")
            error.circumstance = answer == .stranger ? .stranger : .denied
            throw error
        }

        func put(_ key: RemoteKey, _ body: RemoteBody, durability: Durability) async throws {}
        func get(_ key: RemoteKey, maximum: Int64, _ begin: @escaping @Sendable () throws -> ByteReceiver) async throws
        {}
        func list(
            prefix: String,
            after: RemoteKey?,
            _ page: @Sendable ([RemoteItem]) async throws -> Void
        ) async throws -> Timestamp? {
            try await page([])
            _ = try await head(Manifest.key)
            return nil
        }
        func delete(_ keys: [RemoteKey]) async throws {}
        func foreignName() async throws -> String? { nil }
        func barrier() async throws -> Timestamp { Timestamp(milliseconds: 0) }
        var acknowledgesDurably: Bool { true }
        var parallelism: Int { 1 }
        var retries: RetryCounts { RetryCounts() }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    private let renewals = Counter()

    private func remote(_ remembered: [Scripted.Answer], renewed: [Scripted.Answer] = []) -> RenewableRemote {
        let fresh = Scripted(renewed)
        return RenewableRemote(Scripted(remembered)) { [renewals] in
            renewals.add()
            return fresh
        }
    }

    @Test func theFirstRequestIsSentAgainToWhereTheAddressLeadsNow() async throws {
        let remote = remote([.stranger])
        #expect(try await remote.head(Manifest.key) == nil)
        #expect(renewals.value == 1)
    }

    @Test func firstRequestsAtOnceAskOnce() async throws {
        let remote = remote([.stranger, .stranger, .stranger, .stranger])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { _ = try await remote.head(Manifest.key) } }
            try await group.waitForAll()
        }
        #expect(renewals.value == 1)
    }

    @Test func aStrangerAtTheNewAddressIsTheEndOfIt() async throws {
        let remote = remote([.stranger], renewed: [.stranger, .stranger])
        for _ in 0..<2 {
            await #expect(throws: ReplayCacheError.self) { _ = try await remote.head(Manifest.key) }
        }
        #expect(renewals.value == 1)
    }

    @Test func afterAnAnswerNothingIsAskedForAgain() async throws {
        let remote = remote([.nothing, .stranger])
        #expect(try await remote.head(Manifest.key) == nil)
        await #expect(throws: ReplayCacheError.self) { _ = try await remote.head(Manifest.key) }
        #expect(renewals.value == 0)
    }

    @Test func aListingThatHasBegunIsNotBegunAgain() async throws {
        let remote = remote([.stranger])
        let pages = Counter()
        await #expect(throws: ReplayCacheError.self) {
            try await remote.list(prefix: "", after: nil) { _ in pages.add() }
        }
        #expect(pages.value == 1)
        #expect(renewals.value == 0)
    }

    @Test func aRightThatIsMissingIsNoReasonToAsk() async throws {
        let remote = remote([.denied])
        await #expect(throws: ReplayCacheError.self) { _ = try await remote.head(Manifest.key) }
        #expect(renewals.value == 0)
    }
}
