internal import CCurl
internal import Dispatch
internal import Synchronization

/// The one thread that owns libcurl: its multi handle, all easy handles and their connections.
///
/// Others post commands to an inbox and wake it; of all calls of libcurl, `curl_multi_wakeup` alone is allowed from another
/// thread (curl.se/libcurl/c/curl_multi_wakeup.html).
///
/// SAFETY: `@unchecked` because of what only the loop's own thread touches (`handles`, `idle`); `inbox` is guarded, and
/// `multi` never changes.
@safe final class CurlLoop: @unchecked Sendable {
    private enum Command {
        case start(CurlTransfer)
        case resume(CurlTransfer)
        case cancel(CurlTransfer)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isRunning = false
    }

    private let multi: UnsafeMutableRawPointer?
    private let inbox = Mutex(Inbox())

    /// Handles in use, by transfer.
    private var handles: [ObjectIdentifier: CurlHandle] = [:]
    /// Handles for the next transfers.
    private var idle: [CurlHandle] = []

    /// Connections kept open between transfers.
    private static let maximumConnections = 256
    /// Longest wait in one call; whoever posts a command ends it.
    private static let pollMilliseconds: Int32 = 60_000

    private static let isSetUp = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init() {
        unsafe multi = Self.isSetUp ? curl_multi_init() : nil
        if let multi = unsafe multi {
            _ = unsafe replaycache_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.maximumConnections)
            // HTTP/1.1 only, so there is nothing to multiplex.
            _ = unsafe replaycache_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        }
    }

    // MARK: From any thread

    func start(_ transfer: CurlTransfer) { post(.start(transfer)) }

    /// Tells libcurl that a paused transfer has room, or bytes, again.
    func resume(_ transfer: CurlTransfer) { post(.resume(transfer)) }

    /// Closes the socket of a transfer and ends it with `CancellationError`, unless it has ended.
    func cancel(_ transfer: CurlTransfer) { post(.cancel(transfer)) }

    private func post(_ command: Command) {
        guard let multi = unsafe multi else { return refuse(command) }
        let mustStart = inbox.withLock { inbox in
            inbox.commands.append(command)
            defer { inbox.isRunning = true }
            return !inbox.isRunning
        }
        if mustStart {
            DispatchQueue(label: "replaycache.curl").async { self.run() }
        } else {
            unsafe curl_multi_wakeup(multi)
        }
    }

    /// Without the library nothing is ever under way.
    private func refuse(_ command: Command) {
        guard case .start(let transfer) = command else { return }
        transfer.finish(HTTPFailure(.local, "libcurl could not be set up"))
    }

    // MARK: On the thread of the loop

    private func run() {
        while let multi = unsafe multi {
            for command in inbox.withLock({ inbox in
                defer { inbox.commands.removeAll(keepingCapacity: true) }
                return inbox.commands
            }) {
                carryOut(command)
            }
            var running: Int32 = 0
            let code = unsafe curl_multi_perform(multi, &running)
            unsafe finishTransfers(multi)
            if code != CURLM_OK { failAll(HTTPFailure(.local, unsafe String(cString: curl_multi_strerror(code)))) }
            _ = unsafe curl_multi_poll(multi, nil, 0, Self.pollMilliseconds, nil)
        }
    }

    private func carryOut(_ command: Command) {
        switch command {
        case .start(let transfer): add(transfer)
        case .resume(let transfer): handles[ObjectIdentifier(transfer)]?.resume()
        case .cancel(let transfer): finish(transfer, CancellationError())
        }
    }

    private func add(_ transfer: CurlTransfer) {
        guard let multi = unsafe multi, let handle = idle.popLast() ?? CurlHandle() else {
            return transfer.finish(HTTPFailure(.local, "libcurl could not be set up"))
        }
        guard handle.prepare(transfer), unsafe curl_multi_add_handle(multi, handle.easy) == CURLM_OK else {
            handle.reset()
            return transfer.finish(HTTPFailure(.local, "out of memory"))
        }
        handles[ObjectIdentifier(transfer)] = handle
    }

    private func finishTransfers(_ multi: UnsafeMutableRawPointer) {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE else { continue }
            let code = unsafe message.pointee.data.result
            let easy = unsafe message.pointee.easy_handle
            guard let transfer = unsafe CurlHandle.transfer(of: easy), let handle = handles[ObjectIdentifier(transfer)]
            else { continue }
            var failure = code == CURLE_OK ? nil : HTTPFailure(code)
            if failure?.kind == .stalled, !handle.wasConnected {
                failure = HTTPFailure(.connectTimeout, failure?.detail ?? "")
            }
            finish(transfer, failure)
        }
    }

    private func failAll(_ failure: HTTPFailure) {
        for handle in Array(handles.values) {
            if let transfer = handle.transfer { finish(transfer, failure) }
        }
    }

    private func finish(_ transfer: CurlTransfer, _ failure: (any Error)?) {
        if let handle = handles.removeValue(forKey: ObjectIdentifier(transfer)), let multi = unsafe multi {
            _ = unsafe curl_multi_remove_handle(multi, handle.easy)
            handle.reset()
            // After a failure a handle may keep what a reset does not take away: with libcurl 7.88.1, after a name that is
            // not known, it refuses the size of its buffer.
            if failure == nil { idle.append(handle) }
        }
        transfer.finish(failure)
    }
}
