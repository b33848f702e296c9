internal import CCurl

extension HTTPFailure {
    /// What a result of libcurl means (curl.se/libcurl/c/libcurl-errors.html).
    init(_ code: CURLcode) {
        let kind: Kind =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameResolution
            case CURLE_COULDNT_CONNECT, CURLE_PROXY: .connection
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR: .certificate
            case CURLE_SSL_CACERT_BADFILE: .certificateFile
            case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED: .tls
            case CURLE_PARTIAL_FILE: .truncated
            case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_READ_ERROR:
                .interrupted
            case CURLE_OPERATION_TIMEDOUT: .stalled
            case CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING, CURLE_UNSUPPORTED_PROTOCOL,
                CURLE_URL_MALFORMAT, CURLE_WRITE_ERROR:
                .malformed
            default: .local
            }
        self.init(kind, unsafe String(cString: curl_easy_strerror(code)))
    }
}
