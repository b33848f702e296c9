import Dispatch
import Testing

@testable import ReplayCache

/// That nothing holds the doctor up, and what must be put right is.
struct PatienceTests {
    @Test(.timeLimit(.minutes(1)))
    func aCallThatNeverReturnsIsGivenUpAndNotWaitedFor() async throws {
        let patience = Patience(total: .zero, least: .milliseconds(20))
        let mount = DispatchSemaphore(value: 0)
        await #expect(throws: ReplayCacheError.self) {
            try await patience.run { try await BlockingPool.shared.run { mount.wait() } }
        }
        // Had it been waited for, nobody would ever get here.
        mount.signal()
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
