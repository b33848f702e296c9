internal import Synchronization

/// What was learnt from the server: where the bucket is, and what time it is there.
final class S3Knowledge: Sendable {
    /// What a request is signed for.
    struct Address: Sendable, Equatable {
        var region: String
        var endpoint: S3Endpoint
        /// How far this machine's clock is behind the server's, in milliseconds.
        var clockOffset: Int64 = 0
    }

    private struct State {
        var address: Address
        var hasAnswered = false
        /// The server's time at a moment of the clock that counts since boot.
        var serverTime: (time: Timestamp, at: Int64)?
        /// A time that does not fit what is known, until a second answer agrees.
        var doubted: (time: Timestamp, at: Int64)?
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> Int64

    /// Differences of clocks below this are no reason for a refusal, in milliseconds.
    static let clockTolerance: Int64 = 300_000

    /// `now` is a clock in nanoseconds that never goes back.
    init(_ connection: S3Connection, now: @escaping @Sendable () -> Int64) {
        self.now = now
        state = Mutex(State(address: Address(region: connection.region, endpoint: connection.endpoint)))
    }

    /// Where the next request goes, and how it is signed.
    var address: Address { state.withLock { $0.address } }

    /// Whether anything ever answered there.
    var hasAnswered: Bool { state.withLock { $0.hasAnswered } }

    func heardAnswer() { state.withLock { $0.hasAnswered = true } }

    // MARK: Time

    /// The time at the server, in whole seconds and never ahead of it; nil before the first answer.
    ///
    /// `Date` has no fractions: what is told is a lower bound, so that a later object is never older.
    var serverTime: Timestamp? {
        let moment = now()
        guard let known = state.withLock({ $0.serverTime }) else { return nil }
        return Timestamp(milliseconds: Self.estimate(known, moment).milliseconds / 1000 * 1000)
    }

    /// Remembers the `Date` of an answer that came from the bucket's own server.
    ///
    /// The end of a long body comes long after its `Date`: of two bounds that are both true the later one counts. One that
    /// is far from what was expected counts when a second answer agrees: it orders commits, and a single wrong one would
    /// put a commit where nobody reads it. `expected` is the time that the request was signed for.
    func heard(_ date: Timestamp, expected: Timestamp) {
        let moment = now()
        state.withLock { state in
            let known = state.serverTime.map { Self.estimate($0, moment) }
            let lead = (known ?? expected).milliseconds - date.milliseconds
            if abs(lead) > Self.clockTolerance {
                let doubted = state.doubted
                state.doubted = (date, moment)
                guard let doubted,
                    abs(Self.estimate(doubted, moment).milliseconds - date.milliseconds) <= Self.clockTolerance
                else { return }
            } else if known != nil, lead > 0 {
                return
            }
            state.doubted = nil
            state.serverTime = (date, moment)
        }
    }

    private static func estimate(_ known: (time: Timestamp, at: Int64), _ moment: Int64) -> Timestamp {
        Timestamp(milliseconds: known.time.milliseconds + max(0, moment - known.at) / 1_000_000)
    }

    /// Signs for another time from now on; true when that is news.
    ///
    /// Requests in flight find the same: only the first of them tells.
    func setClock(_ offset: Int64) -> Bool {
        state.withLock { state in
            defer { state.address.clockOffset = offset }
            return abs(state.address.clockOffset - offset) > Self.clockTolerance
        }
    }

    // MARK: Region

    /// Signs for another region from now on; at AWS that is another host too.
    func follow(_ region: String, _ connection: S3Connection) {
        state.withLock { state in
            let endpoint = state.address.endpoint
            if let suffix = connection.provider.hostSuffix, endpoint.host.hasSuffix(suffix) {
                let moved =
                    endpoint.host == "s3\(suffix)"
                    ? "s3.\(region)\(suffix)"
                    : endpoint.host.replacing(".\(state.address.region).", with: ".\(region).")
                state.address.endpoint = S3Endpoint(isSecure: endpoint.isSecure, host: moved, port: endpoint.port)
            }
            state.address.region = region
        }
    }
}
