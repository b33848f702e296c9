/// One try of a request.
extension S3Client {
    /// Signs a request, sends it and reads the answer.
    func attempt<Value: Sendable>(
        _ request: S3Request,
        _ history: History,
        _ upload: UploadFactory?,
        _ delivery: Delivery,
        _ meter: TransferMeter,
        _ read: @Sendable (HTTPAnswer) throws -> Value
    ) async throws -> Value {
        // Before a place is taken: getting credentials may itself take a request.
        let credentials = try await connection.credentials.credentials(isReloading: history.isReloading)
        try await rate?.pass(1)
        let places = limit.places(forBytes: request.byteCount)
        try await limit.enter(places: places)
        let address = knowledge.address
        do {
            let signed = try signed(request, history, credentials, address)
            let answer = try await exchange(request, signed, upload, delivery, meter)
            let value = try Self.value(of: answer, to: request, read)
            if let date = answer.response["date"].flatMap({ Timestamp(httpDate: $0) }) {
                let expected = Timestamp(milliseconds: Timestamp.now().milliseconds + address.clockOffset)
                knowledge.heard(date, expected: expected)
            }
            limit.leave(work: meter.total, places: places)
            return value
        } catch var failure as S3Failure {
            if failure.trouble == .throttled || failure.isTimeout {
                limit.leaveThrottled(places: places)
            } else {
                limit.leave(work: nil, places: places)
            }
            failure.signedFor = address
            throw failure
        } catch {
            limit.leave(work: nil, places: places)
            throw error
        }
    }

    private func exchange(
        _ request: S3Request,
        _ signed: HTTPRequest,
        _ upload: UploadFactory?,
        _ delivery: Delivery,
        _ meter: TransferMeter
    ) async throws -> HTTPAnswer {
        let receiver: ByteReceiver? = if case .streamed(let make) = delivery { try make() } else { nil }
        let maximum = if case .collected(let maximum) = delivery { maximum } else { 1 << 20 }
        let collector = ByteCollector()
        do {
            let response = try await http.perform(
                signed,
                upload: try upload?().metered(meter, self.upload),
                pace: { [download] count in
                    meter.add(count)
                    try await download?.pass(count)
                }
            ) { response, piece in
                if response.isSuccess { meter.progress() }
                // Without an ETag it is an error that came as a success, to be read by `check`.
                if let receiver, response.isSuccess, response["etag"] != nil {
                    try response.checkWhole(request)
                    return try receiver(piece)
                }
                guard collector.byteCount + piece.count <= maximum else {
                    throw S3Failure(request, notS3: response, "an answer of more than \(maximum) bytes")
                }
                collector.append(piece)
            }
            knowledge.heardAnswer()
            return HTTPAnswer(response: response, body: collector.bytes)
        } catch let failure as HTTPFailure {
            throw S3Failure(request, failure)
        }
    }

    /// Refuses what is no success, or only looks like one, and reads the rest.
    private static func value<Value>(
        of answer: HTTPAnswer,
        to request: S3Request,
        _ read: (HTTPAnswer) throws -> Value
    ) throws -> Value {
        let response = answer.response
        guard response.isSuccess else { throw S3Failure(request, response, answer.body) }
        try response.checkWhole(request)
        switch request.method {
        case .put where request.purpose == .copy:
            // Errors come as 200 here too, after a while of blanks.
            if let failure = S3Failure(request, pretence: answer) { throw failure }
        case .put,
            .get where request.key != nil, .head:
            // Every store tells the ETag of an object; errors that come as 200 have none, nor do proxies and portals.
            guard response["etag"] == nil else { break }
            throw S3Failure(request, pretence: answer) ?? S3Failure(request, notS3: response, "no ETag")
        case .delete:
            if let failure = S3Failure(request, pretence: answer) { throw failure }
            // Some servers call an empty answer HTML.
            guard answer.body.isEmpty || response["content-type"]?.hasPrefix("text/html") != true else {
                throw S3Failure(request, notS3: response, "a page of HTML")
            }
        default: break
        }
        do {
            return try read(answer)
        } catch let error as XMLError {
            throw S3Failure(request, pretence: answer) ?? S3Failure(request, notS3: response, error.description)
        }
    }
}

extension HTTPResponse {
    fileprivate var isSuccess: Bool { (200...299).contains(status) }

    /// Refuses a part of an object, since no range was asked for, and bytes that were changed on the way.
    fileprivate func checkWhole(_ request: S3Request) throws {
        guard status != 206, self["content-range"] == nil else {
            throw S3Failure(request, notS3: self, "a part of an object that was asked for whole")
        }
        guard self["content-encoding"].map({ $0 == "identity" || $0 == "aws-chunked" }) ?? true else {
            throw S3Failure(request, notS3: self, "a body that was compressed on the way")
        }
    }
}

extension HTTPClient.Upload {
    fileprivate func metered(_ meter: TransferMeter, _ limit: RateLimit?) -> Self {
        Self(
            byteCount: byteCount,
            pace: { count in try await limit?.pass(count) },
            sent: { count in
                meter.add(count)
                meter.progress()
            },
            fill: fill
        )
    }
}
