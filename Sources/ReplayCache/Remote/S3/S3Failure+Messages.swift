/// What a failure means to the person who has to act on it.
extension S3Failure {
    /// `PUT objects/ab/… : 503 SlowDown`, for progress and logs.
    var summary: String {
        let subject = request.key.map { " \($0)" } ?? ""
        return "\(request.method.rawValue)\(subject): \(reason)"
    }

    /// What came back, in the server's words or libcurl's.
    var reason: String {
        if let transport { return DisplayText.escaped(transport.detail) }
        let parts = [status > 0 ? "\(status)" : nil, code, code == nil ? message : nil]
        return DisplayText.escaped(parts.compactMap { $0 }.joined(separator: " "))
    }

    /// What came back, whole: status and code, the server's message, and the id that support asks for.
    private var cause: String? {
        if let transport {
            let detail = DisplayText.escaped(transport.detail)
            return transport.kind.sentence.map { detail.isEmpty ? $0 : "\($0) (\(detail))" } ?? detail
        }
        let head = [status > 0 ? "\(status)" : nil, code].compactMap { $0 }.joined(separator: " ")
        let said = message ?? (trouble == .notS3 ? "no XML" : nil)
        let answer = [head.isEmpty ? nil : head, said].compactMap { $0 }.joined(separator: ": ")
        let parts = [answer.isEmpty ? nil : answer, requestID.map { "request id \($0)" }]
        let text = parts.compactMap { $0 }.joined(separator: "; ")
        return text.isEmpty ? nil : DisplayText.escaped(text)
    }

    /// The same failure without the secrets that it was signed with: a server may quote what it was sent.
    private func redacted(_ credentials: S3Credentials?) -> S3Failure {
        // Shorter ones are parts of usual words, and no provider makes such.
        let secrets = [credentials?.secretAccessKey, credentials?.sessionToken].compactMap { $0 }
            .filter { $0.reveal().count >= 8 }
        func redacted(_ text: String) -> String {
            secrets.reduce(text) { $0.replacing($1.reveal(), with: "\($1)") }
        }
        var failure = self
        failure.code = code.map(redacted)
        failure.message = message.map(redacted)
        failure.requestID = requestID.map(redacted)
        failure.region = region.map(redacted)
        failure.transport = transport.map { HTTPFailure($0.kind, redacted($0.detail)) }
        return failure
    }

    /// As an error with an exit status; names the bucket, the host and where the key came from, never a secret.
    func classified(_ connection: S3Connection, credentials: S3Credentials?) -> ReplayCacheError {
        let told = redacted(credentials)
        let (message, hint) = Text(failure: told, connection: connection, credentials: credentials).messageAndHint
        var error = ReplayCacheError(
            trouble.remedy.code,
            message,
            hint: hint,
            subject: request.key ?? connection.bucket,
            cause: told.cause
        )
        error.circumstance = circumstance
        return error
    }

    private var circumstance: ReplayCacheError.Circumstance? {
        switch trouble {
        case .denied: .denied
        case .credentials, .unreachable, .certificate: .stranger
        default: nil
        }
    }

    private struct Text {
        let failure: S3Failure
        let connection: S3Connection
        let credentials: S3Credentials?

        private var host: String { connection.endpoint.host }
        private var bucket: String { "bucket \"\(connection.bucket)\"" }
        private var title: String {
            connection.provider.name == .generic
                ? "the server at \(connection.endpoint.authority)" : connection.provider.title
        }
        private var source: String { credentials.map { " (\($0.source))" } ?? "" }
        private var keyID: String { credentials.map { " \($0.shownKeyID)" } ?? "" }
        private var key: String { credentials?.shownKey ?? "key" }

        var messageAndHint: (String, String?) {
            switch failure.trouble {
            case .throttled, .transient:
                (
                    failure.transport == nil ? "\(title) did not \(what)" : "\(doing) failed",
                    "try again later; what was moved is kept, the same command continues"
                )
            case .unreachable, .certificate, .local: transportTrouble
            case .proxy:
                (
                    "the proxy between here and \(host) lets nothing through",
                    "check its user and password in \(proxies.isEmpty ? "HTTPS_PROXY" : proxies), or set NO_PROXY=\(host)"
                )
            case .corrupted:
                (
                    "the bytes of \(subject) arrive damaged at \(host), again and again",
                    "something between here and there changes them: check the memory of this machine and the network"
                )
            case .notS3:
                (
                    "\(host) does not answer like an S3 server",
                    failure.status == 407
                        ? "put name and password of the proxy into HTTPS_PROXY: http://NAME:PASSWORD@HOST:PORT"
                        : "if this network has a proxy or a log-in page, get past it; else check the endpoint"
                )
            case .clock: clockTrouble
            case .region:
                (
                    "the \(bucket) is not in the region \"\(failure.signedFor.region)\"\(failure.region.map { " but in \($0)" } ?? "")",
                    "set AWS_REGION to the bucket's region, or the endpoint to the one of that region"
                )
            case .credentials: credentialTrouble
            case .expired where failure.code == "InvalidToken":
                (
                    "\(title) does not take the session token that came with the \(key)\(source)",
                    "keys that expire have a session token of their own: set all three anew, or unset a token that is left over"
                )
            case .expired:
                (
                    "the credentials have expired: \(key)\(source)",
                    "get new ones, with their session token, and run the same command again: it continues"
                )
            case .denied: denial
            case .quota:
                (
                    "\(title) refuses to \(what): a cap of the account is reached",
                    "raise it in the provider's console (B2: Caps & Alerts; daily caps end at 00:00 UTC), or make room"
                )
            case .noBucket: ("there is no \(bucket) at \(connection.endpoint.authority)", bucketHint)
            case .noKey: ("\(subject) is missing at the remote", nil)
            case .refused where failure.code == "EntityTooLarge":
                (
                    "\(title) does not take an object as large as \(subject)",
                    "raise the limit of the server, or of a proxy in front of it; else split the file"
                )
            case .unsupported, .refused:
                (
                    "\(title) refuses to \(what)",
                    "this is not foreseen: check that the endpoint is that of an S3 API, and report it"
                )
            }
        }

        private var subject: String { failure.request.key ?? "the \(bucket)" }

        private var what: String {
            switch failure.request.purpose {
            case .put: "take \(subject)"
            case .copy: "copy to \(subject)"
            case .get, .head: "give \(subject)"
            case .list: "list the \(bucket)"
            case .delete: "remove \(subject)"
            }
        }

        private var doing: String {
            switch failure.request.purpose {
            case .put: "sending \(subject) to \(title)"
            case .copy: "copying to \(subject) at \(title)"
            case .get, .head: "reading \(subject) from \(title)"
            case .list: "listing the \(bucket) at \(title)"
            case .delete: "removing \(subject) at \(title)"
            }
        }

        private var transportTrouble: (String, String?) {
            switch failure.transport?.kind {
            case .nameResolution:
                ("the name \(host) is not known", "check the spelling of the endpoint, and that this machine is online")
            case .certificate:
                (
                    "the certificate of \(host) is not to be trusted",
                    "check the endpoint's name; for a server with an authority of its own set AWS_CA_BUNDLE to its file"
                )
            case .tls:
                (
                    "TLS with \(connection.endpoint.authority) does not come about",
                    "check that the endpoint speaks https, on this port, and that no proxy is in between"
                )
            case .certificateFile:
                (
                    "the file of trusted certificates cannot be read",
                    "install ca-certificates, or check AWS_CA_BUNDLE and SSL_CERT_FILE"
                )
            case .local: ("no connection to \(host) can be made from here", "check memory and open files (ulimit -n)")
            default:
                (
                    "\(connection.endpoint.authority) cannot be reached",
                    proxies.isEmpty
                        ? "check the network and the endpoint; the same command continues"
                        : "check the proxy in \(proxies), the network and the endpoint; the same command continues"
                )
            }
        }

        /// The variables that put a proxy on the way.
        private var proxies: String {
            IPAddress.isLoopback(host) ? "" : HostResolver.proxyVariables.joined(separator: ", ")
        }

        private var clockTrouble: (String, String?) {
            let minutes = failure.serverTime.map { abs($0.milliseconds - Timestamp.now().milliseconds) / 60_000 }
            let off = minutes.map { "\($0) minutes off" } ?? "off"
            return (
                "the clock of this machine is \(off) by the clock of \(host), which refuses its signatures",
                "set the clock, for example `timedatectl set-ntp true`"
            )
        }

        private var credentialTrouble: (String, String?) {
            let isSecret = failure.code == "SignatureDoesNotMatch"
            let hint =
                connection.provider.keyAdvice
                ?? "copy key and secret again, without blanks around them; `replaycache doctor` shows where they were found"
            return isSecret
                ? ("the secret does not fit the key id\(keyID)\(source)", hint)
                : ("\(title) does not know the key id\(keyID)\(source)", hint)
        }

        private var denial: (String, String?) {
            let right =
                switch failure.request.purpose {
                case .put, .copy: "write to"
                case .get, .head: "read from"
                case .list: "list"
                case .delete: "delete from"
                }
            let prefix = connection.prefix.isEmpty ? "" : " below \(connection.prefix)/"
            return (
                "the \(key)\(source) may not \(right) the \(bucket)\(prefix)",
                "give the key that right, or use one that is made for this bucket and prefix"
            )
        }

        private var bucketHint: String {
            connection.provider.bucketAdvice
                ?? "check its name and the account; replaycache does not create buckets"
        }
    }
}

extension HTTPFailure.Kind {
    /// What became of a request under way, in a person's words; nil where the error says it all.
    fileprivate var sentence: String? {
        switch self {
        case .interrupted: "the connection broke"
        case .stalled: "nothing came for too long"
        case .truncated: "the answer broke off"
        case .nameResolution, .connection, .connectTimeout, .proxy, .certificate, .tls, .malformed, .certificateFile,
            .local:
            nil
        }
    }
}
