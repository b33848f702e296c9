internal import Synchronization

/// One request between the thread that owns libcurl and the tasks that produce and consume its bodies.
///
/// Both directions are queues of at most ``window`` chunks: when one is full (or, sending, empty) the transfer is paused,
/// and whoever makes room resumes it.
final class CurlTransfer: Sendable {
    /// Chunks in a queue: one that moves, one that waits, one that is being filled.
    static let window = 3

    let request: HTTPRequest
    /// Nil for a request without a body.
    let uploadByteCount: Int64?
    private let sent: (@Sendable (Int) -> Void)?
    /// `host:port:address,…` for libcurl, so that it need not look the name up.
    let resolved: String?

    private struct State {
        var outgoing: [Chunk] = []
        /// Bytes of the first of `outgoing` that are sent.
        var sentOfFirst = 0
        var bytesSent: Int64 = 0
        var isSendingPaused = false
        var sender: CheckedContinuation<Bool, Never>?

        var filling: Chunk?
        var incoming: [Chunk] = []
        var isReceivingPaused = false
        var receiver: CheckedContinuation<Void, Never>?

        var head = ResponseHead()
        var outcome: Result<HTTPResponse, any Error>?
    }

    private let state = Mutex(State())

    init(_ request: HTTPRequest, _ upload: HTTPClient.Upload?, resolved: String?) {
        self.request = request
        self.resolved = resolved
        uploadByteCount = upload?.byteCount
        sent = upload?.sent
    }

    // MARK: For the tasks

    /// Waits until a chunk may be sent; false when none is wanted any more.
    func hasRoom() async -> Bool {
        await withCheckedContinuation { continuation in
            let answer: Bool? = state.withLock { state in
                if state.outcome != nil { return false }
                if state.outgoing.count < Self.window { return true }
                state.sender = continuation
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// Queues a chunk; true when libcurl waits for it and must be told.
    func send(_ chunk: Chunk) -> Bool {
        state.withLock { state in
            guard state.outcome == nil else { return false }
            state.outgoing.append(chunk)
            defer { state.isSendingPaused = false }
            return state.isSendingPaused
        }
    }

    /// The next piece of the answer's body; nil at its end, however that came.
    func next(_ loop: CurlLoop) async -> (HTTPResponse, Chunk)? {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if !state.incoming.isEmpty || state.outcome != nil { return true }
                state.receiver = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
        let (piece, mustResume) = state.withLock { state -> ((HTTPResponse, Chunk)?, Bool) in
            guard !state.incoming.isEmpty else { return (nil, false) }
            let chunk = state.incoming.removeFirst()
            defer { state.isReceivingPaused = false }
            return ((state.head.response, chunk), state.isReceivingPaused)
        }
        if mustResume { loop.resume(self) }
        return piece
    }

    /// How the request ended; only after ``next(_:)`` answered nil.
    func result() throws -> HTTPResponse {
        guard let outcome = state.withLock({ $0.outcome }) else {
            throw HTTPFailure(.local, "a transfer was looked at before its end")
        }
        return try outcome.get()
    }

    // MARK: For the thread that owns libcurl

    /// What a callback answers.
    enum Flow {
        case moved(Int)
        case paused
    }

    /// Copies bytes to be sent into `target`.
    func read(into target: UnsafeMutableRawBufferPointer) -> Flow {
        var waiting: CheckedContinuation<Bool, Never>?
        var emptied: Chunk?
        let flow = state.withLock { state -> Flow in
            guard let first = state.outgoing.first else {
                if state.bytesSent == uploadByteCount { return .moved(0) }
                state.isSendingPaused = true
                return .paused
            }
            let count = min(target.count, first.count - state.sentOfFirst)
            unsafe first.bytes.withUnsafeBytes { source in
                unsafe target.copyMemory(
                    from: UnsafeRawBufferPointer(
                        rebasing: source[state.sentOfFirst..<state.sentOfFirst + count]
                    )
                )
            }
            state.sentOfFirst += count
            state.bytesSent += Int64(count)
            if state.sentOfFirst == first.count {
                emptied = state.outgoing.removeFirst()
                state.sentOfFirst = 0
                waiting = state.sender
                state.sender = nil
            }
            return .moved(count)
        }
        if let emptied { ChunkPool.shared.give(emptied) }
        waiting?.resume(returning: true)
        if case .moved(let count) = flow { sent?(count) }
        return flow
    }

    /// Whether the body can be sent from its beginning: libcurl asks when a connection that it used again was dead.
    var canRewind: Bool { state.withLock { $0.bytesSent == 0 } }

    /// Takes bytes of the answer's body, all or none.
    func write(_ bytes: UnsafeRawBufferPointer) -> Flow {
        var waiting: CheckedContinuation<Void, Never>?
        let flow = state.withLock { state -> Flow in
            guard state.incoming.count < Self.window else {
                state.isReceivingPaused = true
                return .paused
            }
            var rest = unsafe bytes[...]
            while unsafe !rest.isEmpty {
                var chunk = state.filling ?? ChunkPool.shared.take()
                state.filling = nil
                let count = unsafe min(rest.count, Chunk.capacity - chunk.count)
                unsafe chunk.bytes.withUnsafeMutableBytes { target in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: target[chunk.count..<chunk.count + count])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
                }
                chunk.count += count
                unsafe rest = unsafe rest.dropFirst(count)
                if chunk.count == Chunk.capacity { state.incoming.append(chunk) } else { state.filling = chunk }
            }
            if !state.incoming.isEmpty {
                waiting = state.receiver
                state.receiver = nil
            }
            return .moved(bytes.count)
        }
        waiting?.resume()
        return flow
    }

    /// Takes a header line; false when there are too many.
    func header(_ line: UnsafeRawBufferPointer) -> Bool {
        let text = unsafe String(decoding: line, as: UTF8.self)
        return state.withLock { $0.head.add(text) }
    }

    /// Ends the transfer; a second end changes nothing.
    func finish(_ failure: (any Error)?) {
        let waiting = state.withLock {
            state -> (CheckedContinuation<Bool, Never>?, CheckedContinuation<Void, Never>?) in
            guard state.outcome == nil else { return (nil, nil) }
            if let failure {
                state.outcome = .failure(failure)
            } else if state.head.status > 0 {
                state.outcome = .success(state.head.response)
            } else {
                state.outcome = .failure(HTTPFailure(.malformed, "the answer has no status"))
            }
            if let rest = state.filling { state.incoming.append(rest) }
            state.filling = nil
            for chunk in state.outgoing { ChunkPool.shared.give(chunk) }
            state.outgoing = []
            defer {
                state.sender = nil
                state.receiver = nil
            }
            return (state.sender, state.receiver)
        }
        waiting.0?.resume(returning: false)
        waiting.1?.resume()
    }
}

/// Status and headers as they come in; of several answers to one request (100 Continue) the last counts.
private struct ResponseHead {
    /// More than any store sends.
    private static let maximumByteCount = 64 << 10

    private(set) var status = 0
    private var headers: [String: String] = [:]
    private var byteCount = 0

    var response: HTTPResponse { HTTPResponse(status: status, headers: headers) }

    mutating func add(_ line: String) -> Bool {
        byteCount += line.utf8.count
        guard byteCount <= Self.maximumByteCount else { return false }
        if line.hasPrefix("HTTP/") {
            headers = [:]
            // Some leave out the blank before a reason that is empty.
            status = Int(line.split(whereSeparator: \.isWhitespace).dropFirst().first ?? "") ?? 0
            return true
        }
        guard let colon = line.firstIndex(of: ":") else { return true }
        let name = line[..<colon].lowercased()
        let value = line[line.index(after: colon)...].trimmingBlanks
        headers[name] = headers[name].map { "\($0), \(value)" } ?? value
        return true
    }
}

extension Substring {
    fileprivate var trimmingBlanks: String {
        func isBlank(_ character: Character) -> Bool { character.isWhitespace }
        var rest = drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }
}
