internal import Synchronization

/// Sends requests to one bucket until they succeed or there is no point in going on: signs each try anew, paces, retries.
final class S3Client: Sendable {
    let connection: S3Connection
    let limit: ConcurrencyLimit
    private let settings: RemoteSettings
    private let http: HTTPClient
    private let policy: RetryPolicy
    private let budget: RetryBudget
    private let state: Mutex<State>
    private let upload: BandwidthLimit?
    private let download: BandwidthLimit?

    /// What was learnt from the server.
    private struct State {
        var region: String
        var endpoint: S3Endpoint
        /// How far this machine's clock is behind the server's.
        var clockOffset: Int64 = 0
        var hasAnswered = false
        /// The server's time at a moment of the clock that counts since boot.
        var serverTime: (time: Timestamp, sinceBoot: Int64)?
        var traffic = RetryCounts()
    }

    init(_ connection: S3Connection, settings: RemoteSettings = RemoteSettings(), http: HTTPClient = .shared) {
        self.connection = connection
        self.settings = settings
        self.http = http
        policy = RetryPolicy(maximumAttempts: settings.maximumAttempts)
        budget = .shared
        limit = ConcurrencyLimit(fixed: settings.jobs)
        upload = settings.uploadBytesPerSecond.map { BandwidthLimit(bytesPerSecond: $0) }
        download = settings.downloadBytesPerSecond.map { BandwidthLimit(bytesPerSecond: $0) }
        state = Mutex(State(region: connection.region, endpoint: connection.endpoint))
    }

    /// Tries beyond the first, and what they cost.
    var retries: RetryCounts { state.withLock { $0.traffic } }

    /// The region that requests are signed for; another than was configured after a redirect.
    var region: String { state.withLock { $0.region } }

    /// How far this machine's clock is behind the server's, in milliseconds, as far as it had to be corrected.
    var clockOffset: Int64 { state.withLock { $0.clockOffset } }

    /// The time at the server, in whole seconds and never ahead of it; nil before the first answer.
    ///
    /// `Date` has no fractions: what is told is a lower bound, so that a later object is never older.
    var serverTime: Timestamp? {
        guard let (time, sinceBoot) = state.withLock({ $0.serverTime }) else { return nil }
        let elapsed = (Machine.sinceBoot() - sinceBoot) / 1_000_000
        return Timestamp(milliseconds: (time.milliseconds + max(0, elapsed)) / 1000 * 1000)
    }

    /// A body that is read anew for each try.
    typealias UploadFactory = @Sendable () throws -> HTTPClient.Upload

    /// What to do with the body of a success.
    enum Delivery: Sendable {
        /// Keep it, up to so many bytes, for whoever asked.
        case collected(maximum: Int)
        /// Hand it out as it comes, to a receiver that is made anew for each try.
        case streamed(@Sendable () throws -> ByteReceiver)
    }

    // MARK: Trying

    /// What this request has been through.
    private struct History {
        var attempts = 0
        var attemptsFor: [S3Trouble: Int] = [:]
        let startedAt = Machine.sinceBoot()
        var needsNewConnection = false
        var clockCorrections = 0
        var hasFollowedRegion = false
        var isReloading = false
        var hasReloaded = false
    }

    /// Sends a request, as often as it takes.
    ///
    /// - Throws: ``S3Failure`` when there is no point in another try, `CancellationError`, and what the body's source or
    ///   receiver threw.
    func send(
        _ request: S3Request,
        upload: UploadFactory? = nil,
        _ delivery: Delivery = .collected(maximum: 1 << 20)
    ) async throws -> HTTPAnswer {
        var history = History()
        while true {
            do {
                let answer = try await attempt(request, history, upload, delivery)
                budget.refund()
                return answer
            } catch let failure as S3Failure {
                try await prepareRetry(after: failure, &history)
            }
        }
    }

    /// Returns when another try makes sense, after the wait that it needs.
    private func prepareRetry(after failure: S3Failure, _ history: inout History) async throws {
        history.attempts += 1
        history.attemptsFor[failure.trouble, default: 0] += 1
        if try await amend(failure, &history) { return }
        let remedy = failure.trouble.remedy
        guard let backoff = remedy.backoff,
            history.attemptsFor[failure.trouble, default: 0] < remedy.maximumAttempts ?? .max,
            policy.allows(
                attempts: history.attempts,
                elapsed: .nanoseconds(Machine.sinceBoot() - history.startedAt),
                isFirstContact: failure.trouble == .unreachable && !state.withLock { $0.hasAnswered }
            )
        else { throw failure }
        history.needsNewConnection = remedy.needsNewConnection
        let wait = policy.wait(
            afterAttempts: history.attempts,
            backoff,
            retryAfter: failure.retryAfter,
            chance: .random(in: 0...1)
        )
        let pause = max(wait, budget.take(failure.isTimeout ? RetryBudget.timeoutCost : RetryBudget.retryCost))
        state.withLock { $0.traffic.requests += 1 }
        settings.report(.retrying(what: failure.summary, after: pause))
        try await Task.sleep(for: pause)
    }

    /// Puts right what can be put right at once: the clock, the region, credentials that expired.
    private func amend(_ failure: S3Failure, _ history: inout History) async throws -> Bool {
        // Twice, since one answer may have told a wrong time.
        if let offset = clockOffset(in: failure), history.clockCorrections < 2 {
            history.clockCorrections += 1
            setClock(offset)
            return true
        }
        if failure.trouble == .region || failure.region != nil, !history.hasFollowedRegion,
            let region = try await region(in: failure), region != self.region
        {
            history.hasFollowedRegion = true
            follow(region)
            return true
        }
        if failure.trouble == .expired, !history.hasReloaded {
            history.hasReloaded = true
            history.isReloading = true
            return true
        }
        return false
    }

    /// A difference that explains why the server does not take a signature (`s3-compat.md` section 1).
    private func clockOffset(in failure: S3Failure) -> Int64? {
        guard failure.status == 403 || failure.status == 400, let time = failure.serverTime else { return nil }
        let offset = time.milliseconds - Timestamp.now().milliseconds
        guard abs(offset - failure.signedClockOffset) > Self.clockTolerance else { return nil }
        return abs(offset) > Self.clockTolerance ? offset : 0
    }

    /// Differences below this are no reason for a refusal, in milliseconds.
    private static let clockTolerance: Int64 = 300_000

    /// Requests in flight find the same: only the first of them tells.
    private func setClock(_ offset: Int64) {
        let isNews = state.withLock { state in
            defer { state.clockOffset = offset }
            return abs(state.clockOffset - offset) > Self.clockTolerance
        }
        guard isNews, offset != 0 else { return }
        settings.report(.clockCorrected(offset: .milliseconds(offset), host: connection.endpoint.host))
    }

    /// HEAD has no body, so the region may be known from a listing only.
    private func region(in failure: S3Failure) async throws -> String? {
        if let region = failure.region { return region }
        guard failure.trouble == .region, failure.request.method == .head else { return nil }
        let probe = S3Request(
            purpose: .list,
            method: .get,
            query: [(name: "list-type", value: "2"), (name: "max-keys", value: "1")]
        )
        do {
            _ = try await attempt(probe, History(), nil, .collected(maximum: 1 << 20))
            return nil
        } catch let failure as S3Failure {
            return failure.region
        }
    }

    /// Signs for another region from now on; at AWS that is another host too.
    private func follow(_ region: String) {
        state.withLock { state in
            let host = state.endpoint.host
            if let suffix = connection.provider.hostSuffix, host.hasSuffix(suffix) {
                let moved =
                    host == "s3\(suffix)"
                    ? "s3.\(region)\(suffix)" : host.replacing(".\(state.region).", with: ".\(region).")
                state.endpoint = S3Endpoint(isSecure: state.endpoint.isSecure, host: moved, port: state.endpoint.port)
            }
            state.region = region
        }
        settings.report(.regionFollowed(bucket: connection.bucket, region: region))
    }

    // MARK: One try

    private func attempt(
        _ request: S3Request,
        _ history: History,
        _ upload: UploadFactory?,
        _ delivery: Delivery
    ) async throws -> HTTPAnswer {
        // Before a place is taken: getting credentials may itself take a request.
        let credentials = try await connection.credentials.credentials(isReloading: history.isReloading)
        try await limit.enter()
        let meter = TransferMeter()
        let offset = clockOffset
        do {
            let answer = try await exchange(request, history, credentials, offset, upload, delivery, meter)
            limit.leave(work: meter.total)
            return answer
        } catch var failure as S3Failure {
            failure.trouble == .throttled ? limit.leaveThrottled() : limit.leave(work: nil)
            state.withLock { $0.traffic.bytes += meter.total }
            failure.signedClockOffset = offset
            throw failure
        } catch {
            limit.leave(work: nil)
            throw error
        }
    }

    private func exchange(
        _ request: S3Request,
        _ history: History,
        _ credentials: S3Credentials,
        _ clockOffset: Int64,
        _ upload: UploadFactory?,
        _ delivery: Delivery,
        _ meter: TransferMeter
    ) async throws -> HTTPAnswer {
        let receiver: ByteReceiver? = if case .streamed(let make) = delivery { try make() } else { nil }
        let maximum = if case .collected(let maximum) = delivery { maximum } else { 1 << 20 }
        let collector = ByteCollector()
        do {
            let response = try await http.perform(
                try signed(request, history, credentials, clockOffset),
                upload: try upload?().metered(meter, self.upload),
                pace: { [download] count in
                    meter.add(count)
                    try await download?.pass(count)
                }
            ) { response, piece in
                if let receiver, Self.isSuccess(response) {
                    guard response["etag"] != nil else { throw S3Failure(request, notS3: response, "no ETag") }
                    return try receiver(piece)
                }
                guard collector.byteCount + piece.count <= maximum else {
                    throw S3Failure(request, notS3: response, "an answer of more than \(maximum) bytes")
                }
                collector.append(piece)
            }
            heard(response)
            let answer = HTTPAnswer(response: response, body: collector.bytes)
            try check(answer, to: request)
            return answer
        } catch let failure as HTTPFailure {
            throw S3Failure(request, failure)
        }
    }

    private static func isSuccess(_ response: HTTPResponse) -> Bool { (200...299).contains(response.status) }

    /// Refuses what is no success, or only looks like one.
    private func check(_ answer: HTTPAnswer, to request: S3Request) throws {
        let response = answer.response
        guard Self.isSuccess(response) else { throw S3Failure(request, response, answer.body) }
        // No range was asked for.
        guard response.status != 206, response["content-range"] == nil else {
            throw S3Failure(request, notS3: response, "a part of an object that was asked for whole")
        }
        guard response["content-encoding"].map({ $0 == "identity" || $0 == "aws-chunked" }) ?? true else {
            throw S3Failure(request, notS3: response, "a body that was compressed on the way")
        }
        switch request.purpose {
        case .put, .get, .head:
            // Every store tells the ETag of an object; errors that come as 200 have none, nor do proxies and portals.
            guard response["etag"] == nil else { return }
            if let error = S3ErrorBody(answer.body) {
                throw S3Failure(
                    trouble: .of(status: 500, code: error.code, message: error.message),
                    request: request,
                    status: response.status,
                    code: error.code,
                    message: error.message
                )
            }
            throw S3Failure(request, notS3: response, "no ETag")
        case .list, .delete:
            return
        }
    }

    private func heard(_ response: HTTPResponse) {
        guard let date = response["date"].flatMap({ Timestamp(httpDate: $0) }) else { return }
        state.withLock { state in
            state.hasAnswered = true
            state.serverTime = (date, Machine.sinceBoot())
        }
    }

    // MARK: Signing

    private func signed(
        _ request: S3Request,
        _ history: History,
        _ credentials: S3Credentials,
        _ clockOffset: Int64
    ) throws -> HTTPRequest {
        let (endpoint, region) = state.withLock { ($0.endpoint, $0.region) }
        let authority = connection.usesPathStyle ? endpoint.authority : "\(connection.bucket).\(endpoint.authority)"
        var path = connection.usesPathStyle ? "/\(PercentEncoding.path(connection.bucket))" : ""
        if let key = request.key { path += "/\(PercentEncoding.path(key))" }
        let query = PercentEncoding.query(request.query)
        let time = Timestamp(milliseconds: Timestamp.now().milliseconds + clockOffset).basic
        var headers = request.headers
        headers.append((name: "x-amz-content-sha256", value: request.payloadHash))
        headers.append((name: "x-amz-date", value: time))
        if let token = credentials.sessionToken {
            headers.append((name: "x-amz-security-token", value: token.reveal()))
        }
        let signature = try SigV4(region: region).sign(
            SigV4.Message(
                method: request.method.rawValue,
                path: path,
                query: query,
                headers: [(name: "host", value: authority)] + headers,
                payloadHash: request.payloadHash
            ),
            with: credentials,
            at: time
        )
        headers.append((name: "Authorization", value: signature.authorization))
        headers.append((name: "User-Agent", value: "replaycache/\(Version.current)"))
        let scheme = endpoint.isSecure ? "https" : "http"
        let url = "\(scheme)://\(authority)\(path.isEmpty ? "/" : path)\(query.isEmpty ? "" : "?\(query)")"
        var result = HTTPRequest(request.method, url, headers: headers)
        result.limits.idleSeconds = connection.provider.idleSeconds
        result.limits.certificateFile = connection.certificateFile
        result.limits.needsNewConnection = history.needsNewConnection
        if request.purpose == .list, connection.provider.repeatsListTokens {
            // The first listing of a RunPod volume reads every file for its MD5 (`providers.md` section 6).
            result.limits.stall = .seconds(600)
        }
        if settings.isPaced { result.limits.stall = .seconds(300) }
        return result
    }
}

/// Counts the bytes of one try.
private final class TransferMeter: Sendable {
    private let count = Mutex<Int64>(0)

    var total: Int64 { count.withLock { $0 } }

    func add(_ byteCount: Int) { count.withLock { $0 += Int64(byteCount) } }
}

extension HTTPClient.Upload {
    fileprivate func metered(_ meter: TransferMeter, _ limit: BandwidthLimit?) -> Self {
        Self(
            byteCount: byteCount,
            pace: { count in
                meter.add(count)
                try await limit?.pass(count)
            },
            fill: fill
        )
    }
}
