internal import CCurl
internal import Dispatch
internal import Synchronization

/// The one thread that owns libcurl: its multi handle, all easy handles and their connections.
///
/// libcurl says which sockets it waits for, and only those that are ready are looked at: `curl_multi_perform` would ask
/// the kernel about each of a hundred transfers in every round. Others post commands to an inbox and wake the thread.
///
/// SAFETY: `@unchecked` because of what only the loop's own thread touches (`handles`, `idle`, `sockets`, `deadline`);
/// `inbox` is guarded, and `multi` and `events` never change.
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
    private let events: EventPoll?
    private let inbox = Mutex(Inbox())

    /// Handles in use, by transfer.
    private var handles: [ObjectIdentifier: CurlHandle] = [:]
    /// Handles for the next transfers.
    private var idle: [CurlHandle] = []
    /// Sockets that are waited for.
    private var sockets: Set<Int32> = []
    /// When libcurl wants to be called whatever happens; nanoseconds of ``Machine/sinceBoot()``.
    private var deadline: Int64?

    /// Connections kept open between transfers.
    private static let maximumConnections = 256
    /// Longest wait in one call; whoever posts a command ends it.
    private static let maximumWait: Int32 = 60_000

    private static let isSetUp = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init() {
        events = try? EventPoll()
        unsafe multi = Self.isSetUp && events != nil ? curl_multi_init() : nil
        guard let multi = unsafe multi else { return }
        _ = unsafe replaycache_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.maximumConnections)
        // HTTP/1.1 only, so there is nothing to multiplex.
        _ = unsafe replaycache_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        // SAFETY: callbacks come from calls of libcurl alone, which this object makes.
        let pointer = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe replaycache_curl_multi_set_callbacks(multi, watchSocket, setTimer, pointer)
    }

    // MARK: From any thread

    func start(_ transfer: CurlTransfer) { post(.start(transfer)) }

    /// Tells libcurl that a paused transfer has room, or bytes, again.
    func resume(_ transfer: CurlTransfer) { post(.resume(transfer)) }

    /// Closes the socket of a transfer and ends it with `CancellationError`, unless it has ended.
    func cancel(_ transfer: CurlTransfer) { post(.cancel(transfer)) }

    private func post(_ command: Command) {
        guard unsafe multi != nil, let events else { return refuse(command) }
        let (mustStart, mustWake) = inbox.withLock { inbox in
            inbox.commands.append(command)
            defer { inbox.isRunning = true }
            return (!inbox.isRunning, inbox.commands.count == 1)
        }
        if mustStart { DispatchQueue(label: "replaycache.curl").async { self.run() } }
        if mustWake { events.wake() }
    }

    /// Without the library nothing is ever under way.
    private func refuse(_ command: Command) {
        guard case .start(let transfer) = command else { return }
        transfer.finish(HTTPFailure(.local, "libcurl could not be set up"))
    }

    // MARK: On the thread of the loop

    private func run() {
        while let multi = unsafe multi, let events {
            for command in inbox.withLock({ inbox in
                defer { inbox.commands.removeAll(keepingCapacity: true) }
                return inbox.commands
            }) {
                carryOut(command)
            }
            unsafe runTimers(multi)
            unsafe finishTransfers(multi)
            for ready in events.wait(milliseconds: timeToWait) { unsafe go(on: ready, multi) }
            unsafe finishTransfers(multi)
        }
    }

    private var timeToWait: Int32 {
        guard let deadline else { return Self.maximumWait }
        let milliseconds = (deadline - Machine.sinceBoot() + 999_999) / 1_000_000
        return Int32(min(max(0, milliseconds), Int64(Self.maximumWait)))
    }

    private func runTimers(_ multi: UnsafeMutableRawPointer) {
        guard let deadline, deadline <= Machine.sinceBoot() else { return }
        self.deadline = nil
        var running: Int32 = 0
        // CURL_SOCKET_TIMEOUT
        check(unsafe curl_multi_socket_action(multi, -1, 0, &running))
    }

    private func go(on ready: EventPoll.Ready, _ multi: UnsafeMutableRawPointer) {
        var mask: Int32 = 0
        if ready.reads { mask |= CURL_CSELECT_IN }
        if ready.writes { mask |= CURL_CSELECT_OUT }
        if ready.fails { mask |= CURL_CSELECT_ERR }
        var running: Int32 = 0
        check(unsafe curl_multi_socket_action(multi, ready.descriptor, mask, &running))
    }

    private func check(_ code: CURLMcode) {
        guard code != CURLM_OK else { return }
        failAll(HTTPFailure(.local, unsafe String(cString: curl_multi_strerror(code))))
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
        guard handle.prepare(transfer) else {
            handle.reset()
            return transfer.finish(HTTPFailure(.local, "a request could not be set up"))
        }
        let code = unsafe curl_multi_add_handle(multi, handle.easy)
        guard code == CURLM_OK else {
            handle.reset()
            return transfer.finish(HTTPFailure(.local, unsafe String(cString: curl_multi_strerror(code))))
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
            let proxyStatus = handle.proxyStatus
            if failure != nil, proxyStatus >= 400 {
                failure = HTTPFailure(.proxy, "the proxy answered \(proxyStatus)")
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

    // MARK: What libcurl asks for

    fileprivate func watch(_ socket: Int32, _ what: Int32) {
        guard what != CURL_POLL_REMOVE else {
            sockets.remove(socket)
            events?.unwatch(socket)
            return
        }
        events?.watch(
            socket,
            reads: what & CURL_POLL_IN != 0,
            writes: what & CURL_POLL_OUT != 0,
            isNew: sockets.insert(socket).inserted
        )
    }

    fileprivate func call(afterMilliseconds delay: Int) {
        deadline = delay < 0 ? nil : Machine.sinceBoot() + Int64(delay) * 1_000_000
    }
}

// SAFETY: libcurl hands back the loop that `init` gave it, which outlives its multi handle.

private let watchSocket: replaycache_curl_socket_callback = { _, socket, what, pointer, _ in
    if let pointer = unsafe pointer {
        unsafe Unmanaged<CurlLoop>.fromOpaque(pointer).takeUnretainedValue().watch(socket, what)
    }
    return 0
}

private let setTimer: replaycache_curl_timer_callback = { _, milliseconds, pointer in
    if let pointer = unsafe pointer {
        unsafe Unmanaged<CurlLoop>.fromOpaque(pointer).takeUnretainedValue().call(afterMilliseconds: milliseconds)
    }
    return 0
}
