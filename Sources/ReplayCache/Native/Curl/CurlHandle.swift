internal import CCurl

/// An easy handle: one transfer at a time, set up anew for each.
@safe final class CurlHandle {
    // SAFETY: owned by this object alone, freed once in `deinit`; used by the thread of `CurlLoop` only.
    let easy: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var resolved: UnsafeMutablePointer<curl_slist>?
    /// Held while libcurl may call back with a pointer to it.
    private(set) var transfer: CurlTransfer?

    init?() {
        guard let easy = unsafe curl_easy_init() else { return nil }
        unsafe self.easy = easy
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        freeLists()
    }

    /// Forgets the transfer, and keeps what is worth keeping (connections belong to the multi handle).
    func reset() {
        unsafe curl_easy_reset(easy)
        freeLists()
        transfer = nil
    }

    private func freeLists() {
        unsafe curl_slist_free_all(headers)
        unsafe curl_slist_free_all(resolved)
        unsafe headers = nil
        unsafe resolved = nil
    }

    /// The library's default certificates; a directory of them instead costs 22 ms a connection (`s3-compat.md` section 5).
    private static let defaultCertificateFile: String? = {
        guard let path = unsafe replaycache_curl_certificate_file() else { return nil }
        return unsafe String(cString: path)
    }()

    /// Sets everything for a transfer; false when memory ran out.
    func prepare(_ transfer: CurlTransfer) -> Bool {
        self.transfer = transfer
        let request = transfer.request
        return set(CURLOPT_URL, request.url) && setCommon() && setLimits(request.limits) && setMethod(transfer)
            && setHeaders(transfer) && setCallbacks(transfer)
    }

    private func setCommon() -> Bool {
        set(CURLOPT_NOSIGNAL, 1) && set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)) && set(CURLOPT_PATH_AS_IS, 1)
            && set(CURLOPT_FOLLOWLOCATION, 0) && set(CURLOPT_PROTOCOLS_STR, "http,https")
            && set(CURLOPT_BUFFERSIZE, 128 << 10) && set(CURLOPT_TCP_KEEPALIVE, 1) && set(CURLOPT_TCP_NODELAY, 1)
            && set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1) && set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    }

    private func setLimits(_ limits: HTTPLimits) -> Bool {
        set(CURLOPT_CONNECTTIMEOUT_MS, limits.connect.wholeMilliseconds)
            && set(CURLOPT_LOW_SPEED_LIMIT, 1000)
            && set(CURLOPT_LOW_SPEED_TIME, max(1, limits.stall.wholeMilliseconds / 1000))
            && set(CURLOPT_TIMEOUT_MS, limits.total?.wholeMilliseconds ?? 0)
            && set(CURLOPT_MAXAGE_CONN, limits.idleSeconds)
            && set(CURLOPT_FRESH_CONNECT, limits.needsNewConnection ? 1 : 0)
            && (limits.certificateFile ?? Self.defaultCertificateFile).map { set(CURLOPT_CAINFO, $0) } ?? true
            && set(CURLOPT_CAPATH, nil)
            && (limits.ignoresProxy ? set(CURLOPT_PROXY, "") : true)
    }

    private func setMethod(_ transfer: CurlTransfer) -> Bool {
        let method = transfer.request.method
        if let byteCount = transfer.uploadByteCount {
            return set(CURLOPT_UPLOAD, 1) && set(CURLOPT_CUSTOMREQUEST, method.rawValue)
                && set(CURLOPT_UPLOAD_BUFFERSIZE, 128 << 10) && setBodyByteCount(byteCount)
        }
        switch method {
        case .get: return set(CURLOPT_HTTPGET, 1)
        case .head: return set(CURLOPT_NOBODY, 1)
        default: return set(CURLOPT_CUSTOMREQUEST, method.rawValue)
        }
    }

    private func setHeaders(_ transfer: CurlTransfer) -> Bool {
        // Without the empty Expect, a PUT waits a second for a 100 that some servers never send.
        for line in ["Expect:"] + transfer.request.headers.map({ "\($0.name): \($0.value)" }) {
            guard let longer = unsafe curl_slist_append(headers, line) else { return false }
            unsafe headers = unsafe longer
        }
        guard unsafe replaycache_curl_set_pointer(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK else { return false }
        guard let entry = transfer.resolved else { return true }
        guard let list = unsafe curl_slist_append(nil, entry) else { return false }
        unsafe resolved = unsafe list
        return unsafe replaycache_curl_set_pointer(easy, CURLOPT_RESOLVE, resolved) == CURLE_OK
    }

    private func setCallbacks(_ transfer: CurlTransfer) -> Bool {
        // SAFETY: `self.transfer` keeps it alive until `reset`, which comes after the handle left the multi handle.
        let pointer = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        return unsafe replaycache_curl_set_pointer(easy, CURLOPT_READDATA, pointer) == CURLE_OK
            && replaycache_curl_set_pointer(easy, CURLOPT_WRITEDATA, pointer) == CURLE_OK
            && replaycache_curl_set_pointer(easy, CURLOPT_HEADERDATA, pointer) == CURLE_OK
            && replaycache_curl_set_pointer(easy, CURLOPT_SEEKDATA, pointer) == CURLE_OK
            && replaycache_curl_set_pointer(easy, CURLOPT_PRIVATE, pointer) == CURLE_OK
            && replaycache_curl_set_data_callback(easy, CURLOPT_READFUNCTION, readBody) == CURLE_OK
            && replaycache_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION, writeBody) == CURLE_OK
            && replaycache_curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION, writeHeader) == CURLE_OK
            && replaycache_curl_set_seek_callback(easy, seekBody) == CURLE_OK
    }

    private func setBodyByteCount(_ byteCount: Int64) -> Bool {
        unsafe replaycache_curl_set_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(byteCount)) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: Int) -> Bool {
        unsafe replaycache_curl_set_long(easy, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: String?) -> Bool {
        unsafe replaycache_curl_set_text(easy, option, value) == CURLE_OK
    }

    /// The transfer of a handle that libcurl is done with.
    static func transfer(of easy: UnsafeMutableRawPointer?) -> CurlTransfer? {
        var pointer: UnsafeMutableRawPointer?
        guard let easy = unsafe easy, unsafe replaycache_curl_get_private(easy, &pointer) == CURLE_OK else {
            return nil
        }
        return unsafe owner(of: pointer)
    }

    /// Whether the connection stood before the time was over.
    var wasConnected: Bool {
        var microseconds: curl_off_t = 0
        let code = unsafe replaycache_curl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        return code == CURLE_OK && microseconds > 0
    }

    /// What a proxy answered to CONNECT; 0 when there was none.
    var proxyStatus: Int {
        var status = 0
        return unsafe replaycache_curl_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &status) == CURLE_OK ? status : 0
    }

    /// Goes on after a pause, in both directions; what still has nothing to do pauses again.
    ///
    /// A failure shows as the end of the transfer.
    func resume() { _ = unsafe curl_easy_pause(easy, CURLPAUSE_CONT) }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}

// MARK: Callbacks

/// SAFETY: libcurl hands back the pointer that `setCallbacks` gave it.
private func owner(of pointer: UnsafeMutableRawPointer?) -> CurlTransfer? {
    unsafe pointer.map { unsafe Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private let readBody: replaycache_curl_data_callback = { buffer, size, count, pointer in
    guard let transfer = unsafe owner(of: pointer), let buffer = unsafe buffer else { return Int(CURL_READFUNC_ABORT) }
    switch unsafe transfer.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count)) {
    case .moved(let count): return count
    case .paused: return Int(CURL_READFUNC_PAUSE)
    }
}

private let writeBody: replaycache_curl_data_callback = { buffer, size, count, pointer in
    guard let transfer = unsafe owner(of: pointer) else { return 0 }
    switch unsafe transfer.write(UnsafeRawBufferPointer(start: buffer, count: size * count)) {
    case .moved(let count): return count
    case .paused: return Int(CURL_WRITEFUNC_PAUSE)
    }
}

private let writeHeader: replaycache_curl_data_callback = { buffer, size, count, pointer in
    guard let transfer = unsafe owner(of: pointer) else { return 0 }
    return unsafe transfer.header(UnsafeRawBufferPointer(start: buffer, count: size * count)) ? size * count : 0
}

private let seekBody: replaycache_curl_seek_callback = { pointer, offset, origin in
    guard let transfer = unsafe owner(of: pointer), offset == 0, origin == 0, transfer.canRewind else {
        return CURL_SEEKFUNC_FAIL
    }
    return CURL_SEEKFUNC_OK
}
