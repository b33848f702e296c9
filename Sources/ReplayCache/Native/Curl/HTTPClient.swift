/// HTTP over libcurl: one try a call, no redirects, bodies streamed.
package final class HTTPClient: HTTPExchanging {
    /// The one of the process, whose connections everybody shares.
    package static let shared = HTTPClient()

    private let loop = CurlLoop()
    private let resolver = HostResolver()

    private init() {}

    /// A body to send.
    package struct Upload: Sendable {
        package let byteCount: Int64
        /// Fills a buffer with what comes at an offset and tells how much that is.
        ///
        /// Called in order, once for each piece, on a thread that may block. What it throws ends the request before its
        /// last byte is sent.
        package let fill: @Sendable (_ offset: Int64, _ buffer: inout [UInt8]) throws -> Int
        /// Waits until that many bytes may be sent.
        package let pace: @Sendable (_ byteCount: Int) async throws -> Void
        /// Told of bytes that were sent, on the thread of the sockets.
        package let sent: @Sendable (_ byteCount: Int) -> Void

        package init(
            byteCount: Int64,
            pace: @escaping @Sendable (Int) async throws -> Void = { _ in },
            sent: @escaping @Sendable (Int) -> Void = { _ in },
            fill: @escaping @Sendable (Int64, inout [UInt8]) throws -> Int
        ) {
            self.byteCount = byteCount
            self.pace = pace
            self.sent = sent
            self.fill = fill
        }
    }

    /// Takes a piece of the answer's body.
    ///
    /// Called in order, on a thread that may block. What it throws ends the request.
    package typealias Receiver = @Sendable (HTTPResponse, Span<UInt8>) throws -> Void

    /// Sends a request and hands out the body of the answer as it comes; a slow receiver slows the sender down.
    ///
    /// - Throws: ``HTTPFailure``, what `fill` or `receive` threw, or `CancellationError`, after the socket was let go.
    package func perform(
        _ request: HTTPRequest,
        upload: Upload? = nil,
        pace: @escaping @Sendable (Int) async throws -> Void = { _ in },
        _ receive: @escaping Receiver
    ) async throws -> HTTPResponse {
        do {
            let entry = request.limits.ignoresProxy ? nil : try await resolver.entry(for: request.url)
            let transfer = CurlTransfer(request, upload, resolved: entry)
            // A pool of their own: behind a queue of files to compress, transfers would stall.
            return try await withTaskExecutorPreference(BlockingPool.transfers) {
                try await Self.run(transfer, on: loop, upload, pace, receive)
            }
        } catch let failure as HTTPFailure {
            if [.nameResolution, .connection, .connectTimeout].contains(failure.kind) {
                resolver.forget(request.url)
            }
            throw failure
        }
    }

    package func exchange(_ request: HTTPRequest, body: [UInt8], maximum: Int) async throws -> HTTPAnswer {
        let collector = ByteCollector()
        let upload =
            body.isEmpty && request.method != .put && request.method != .post
            ? nil
            : Upload(byteCount: Int64(body.count)) { offset, buffer in
                ByteArraySource(body).read(at: offset, into: &buffer)
            }
        let response = try await perform(request, upload: upload) { _, piece in
            guard collector.byteCount + piece.count <= maximum else {
                throw HTTPFailure(.malformed, "the answer is longer than \(maximum) bytes")
            }
            collector.append(piece)
        }
        return HTTPAnswer(response: response, body: collector.bytes)
    }

    @concurrent private static func run(
        _ transfer: CurlTransfer,
        on loop: CurlLoop,
        _ upload: Upload?,
        _ pace: @Sendable (Int) async throws -> Void,
        _ receive: Receiver
    ) async throws -> HTTPResponse {
        try Task.checkCancellation()
        try checkEmptiness(of: upload)
        loop.start(transfer)
        return try await withTaskCancellationHandler {
            // Beside each other: a server may answer before it has read the whole body.
            async let sending: Void = feed(upload, to: transfer, on: loop)
            do {
                while let (response, chunk) = await transfer.next(loop) {
                    defer { ChunkPool.shared.give(chunk) }
                    try await pace(chunk.count)
                    try receive(response, chunk.bytes.span.extracting(0..<chunk.count))
                }
            } catch {
                loop.cancel(transfer)
                throw error
            }
            try await sending
            return try transfer.result()
        } onCancel: {
            loop.cancel(transfer)
        }
    }

    /// Asks for the bytes of an empty body, which is sent with its headers: later would be too late to refuse it.
    private static func checkEmptiness(of upload: Upload?) throws {
        guard let upload, upload.byteCount == 0 else { return }
        var buffer: [UInt8] = [0]
        guard try upload.fill(0, &buffer) == 0 else { throw HTTPFailure(.interrupted, "the body is not empty") }
    }

    private static func feed(_ upload: Upload?, to transfer: CurlTransfer, on loop: CurlLoop) async throws {
        guard let upload else { return }
        var offset: Int64 = 0
        do {
            while offset < upload.byteCount {
                guard await transfer.hasRoom() else { return }
                var chunk = ChunkPool.shared.take()
                chunk.count = try upload.fill(offset, &chunk.bytes)
                offset += Int64(chunk.count)
                try await upload.pace(chunk.count)
                guard chunk.count > 0 else { return }
                if transfer.send(chunk) { loop.resume(transfer) }
            }
        } catch {
            loop.cancel(transfer)
            throw error
        }
    }
}
