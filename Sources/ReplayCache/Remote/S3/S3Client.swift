internal import Synchronization

/// Sends requests to one bucket until they succeed or there is no point in going on: signs each try anew, paces, retries.
final class S3Client: Sendable {
    let connection: S3Connection
    let limit: ConcurrencyLimit
    let settings: RemoteSettings
    let pacing: RetryPacing
    let http: HTTPClient
    let knowledge: S3Knowledge
    let upload: RateLimit?
    let download: RateLimit?
    /// Requests a second that the provider takes.
    let rate: RateLimit?
    private let traffic = Mutex(RetryCounts())

    init(
        _ connection: S3Connection,
        settings: RemoteSettings = RemoteSettings(),
        pacing: RetryPacing = RetryPacing(),
        http: HTTPClient = .shared
    ) {
        self.connection = connection
        self.settings = settings
        var pacing = pacing
        if let attempts = settings.maximumAttempts { pacing.policy.maximumAttempts = attempts }
        self.pacing = pacing
        self.http = http
        limit = ConcurrencyLimit(fixed: settings.jobs)
        upload = settings.uploadBytesPerSecond.map { RateLimit(perSecond: $0) }
        download = settings.downloadBytesPerSecond.map { RateLimit(perSecond: $0) }
        rate = connection.provider.requestsPerSecond.map { RateLimit(perSecond: Int64($0)) }
        knowledge = S3Knowledge(connection, now: pacing.now)
    }

    /// Tries beyond the first, and what they cost.
    var retries: RetryCounts { traffic.withLock { $0 } }

    /// A body that is read anew for each try.
    typealias UploadFactory = @Sendable () throws -> HTTPClient.Upload

    /// What to do with the body of a success.
    enum Delivery: Sendable {
        /// Keep it, up to so many bytes, for whoever asked.
        case collected(maximum: Int)
        /// Hand it out as it comes, to a receiver that is made anew for each try.
        case streamed(@Sendable () throws -> ByteReceiver)
    }

    /// What a request has been through.
    struct History: Sendable {
        var attempts = 0
        var attemptsFor: [S3Trouble: Int] = [:]
        let startedAt: Int64
        /// When it began, or when bytes that count moved last.
        var quietSince: Int64
        var needsNewConnection = false
        var clockCorrections = 0
        var hasFollowedRegion = false
        var hasAskedAgain = false
        var isReloading = false
        var hasReloaded = false

        init(startedAt: Int64) {
            self.startedAt = startedAt
            quietSince = startedAt
        }
    }

    /// Sends a request, as often as it takes.
    ///
    /// - Throws: ``S3Failure`` when there is no point in another try, `CancellationError`, and what the body's source or
    ///   receiver threw.
    @discardableResult
    func send(
        _ request: S3Request,
        upload: UploadFactory? = nil,
        _ delivery: Delivery = .collected(maximum: 1 << 20)
    ) async throws -> HTTPAnswer {
        try await send(request, upload: upload, delivery) { $0 }
    }

    /// Sends a request, as often as it takes, until `read` can make sense of the answer.
    ///
    /// `read` throws ``XMLError`` for an answer that is not what was asked for, and ``S3Failure`` for one that tells of a
    /// failure: both are tried again where that is worth while.
    func send<Value: Sendable>(
        _ request: S3Request,
        upload: UploadFactory? = nil,
        _ delivery: Delivery = .collected(maximum: 1 << 20),
        reading read: @Sendable (HTTPAnswer) throws -> Value
    ) async throws -> Value {
        var history = History(startedAt: pacing.now())
        while true {
            let meter = TransferMeter(now: pacing.now)
            do {
                let value = try await attempt(request, history, upload, delivery, meter, read)
                pacing.budget.refund()
                return value
            } catch let failure as S3Failure {
                history.quietSince = meter.progressedAt ?? history.quietSince
                traffic.withLock { $0.bytes += meter.total }
                try await prepareRetry(after: failure, &history)
            }
        }
    }

    /// Returns when another try makes sense, after the wait that it needs.
    private func prepareRetry(after told: S3Failure, _ history: inout History) async throws {
        history.isReloading = false
        let failure = try await explained(told, &history)
        history.attempts += 1
        history.attemptsFor[failure.trouble, default: 0] += 1
        if try await amend(failure, &history) {
            traffic.withLock { $0.requests += 1 }
            return
        }
        // A right that is lacking shows a little later then, and still as what it is.
        let isRandom = failure.trouble == .denied && connection.provider.refusesAtRandom
        let remedy = isRandom ? S3Trouble.transient.remedy : failure.trouble.remedy
        guard let backoff = remedy.backoff,
            history.attemptsFor[failure.trouble, default: 0] < remedy.maximumAttempts ?? .max,
            pacing.policy.allows(
                attempts: history.attempts,
                elapsed: .nanoseconds(pacing.now() - history.quietSince),
                isFirstContact: (failure.trouble == .unreachable || failure.isTimeout) && !knowledge.hasAnswered
            )
        else { throw failure }
        history.needsNewConnection = remedy.needsNewConnection
        let wait = pacing.policy.wait(
            afterAttempts: history.attempts,
            backoff,
            retryAfter: failure.retryAfter,
            chance: pacing.chance()
        )
        let cost = failure.isTimeout ? RetryBudget.timeoutCost : RetryBudget.retryCost
        let pause = max(wait, pacing.budget.take(cost))
        traffic.withLock { $0.requests += 1 }
        let waited = Duration.nanoseconds(pacing.now() - history.startedAt)
        settings.report(.retrying(what: failure.summary, waited: waited, after: pause))
        try await pacing.sleep(pause)
    }
}

/// Counts the bytes of one try.
final class TransferMeter: Sendable {
    private struct State {
        var total: Int64 = 0
        var progressedAt: Int64?
    }

    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    init(now: @escaping @Sendable () -> Int64) { self.now = now }

    var total: Int64 { state.withLock { $0.total } }

    /// When bytes of the request or of a success moved last; nil when none did.
    var progressedAt: Int64? { state.withLock { $0.progressedAt } }

    func add(_ byteCount: Int) { state.withLock { $0.total += Int64(byteCount) } }

    func progress() {
        let time = now()
        state.withLock { $0.progressedAt = time }
    }
}
