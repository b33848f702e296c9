import Dispatch
import Glibc
import ReplayCache

/// Turns SIGINT and SIGTERM into cancellation of the running operation, which leaves a state that can be continued.
///
/// A second signal ends the process at once.
struct Interruption {
    private let signals: AsyncStream<Int32>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingNewest(2))
        signals = stream
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            source.activate()
            return source
        }
    }

    /// Runs `body`, cancelled by the first signal.
    func watch(_ body: @escaping @Sendable () async throws -> Void) async throws {
        // Both tasks are owned by this scope, which ends them.
        let work = Task { try await body() }
        let watcher = Task { [signals] in
            var isStopping = false
            for await number in signals {
                if isStopping { _exit(128 + number) }
                isStopping = true
                StandardStream.note("stopping; again to stop at once")
                work.cancel()
            }
        }
        defer { watcher.cancel() }
        try await work.value
    }
}

/// What must be set once, before anything else.
enum ProcessSetup {
    static func run() {
        Machine.occupyStandardStreams()
        // A reader that goes away is seen as a failed write, not as a signal.
        signal(SIGPIPE, SIG_IGN)
        Machine.raiseOpenFileLimit()
    }
}
