import Glibc
import Testing

@testable import ReplayCache

/// That nothing holds the doctor up, and what must be put right is.
struct PatienceTests {
    @Test func aCallThatNeverReturnsIsGivenUpAndNotWaitedFor() async throws {
        let patience = Patience(total: .zero, least: .milliseconds(20))
        let started = ContinuousClock.now
        await #expect(throws: ReplayCacheError.self) {
            try await patience.run { try await BlockingPool.shared.run { _ = usleep(3_000_000) } }
        }
        #expect(ContinuousClock.now - started < .seconds(2))
    }

    @Test func whatIsThereInTimeIsHandedOn() async throws {
        #expect(try await Patience(total: .seconds(10)).run { 7 } == 7)
        await #expect(throws: RemoteError.self) {
            let key = try #require(RemoteKey("a"))
            try await Patience(total: .seconds(10)).run { throw RemoteError(.notFound, key) }
        }
    }

    @Test func cancellationEndsARunAndNotWhatIsInsistedOn() async throws {
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            let run = await Result {
                try await Patience(total: .seconds(10)).run { try await Task.sleep(for: .seconds(9)) }
            }
            let insisted = await Patience(total: .seconds(10)).insist { Task.isCancelled }
            return (run, insisted)
        }
        let (run, insisted) = await task.value
        #expect(throws: CancellationError.self) { try run.get() }
        #expect(try insisted.get() == false)
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
