/// What went wrong with a request, as far as it matters for what to do next (`s3-compat.md` section 2).
enum S3Trouble: String, Sendable, CaseIterable {
    /// The server wants fewer requests.
    case throttled
    /// Passes by itself.
    case transient
    /// No connection: a name that is not known, nobody listening, no way there.
    case unreachable
    /// The bytes that arrived are not those that were signed.
    case corrupted
    /// What answered is no S3 server: a proxy, a portal.
    case notS3
    /// The clocks differ too much.
    case clock
    /// The bucket is elsewhere.
    case region
    /// Key id or secret are wrong.
    case credentials
    /// They were right once.
    case expired
    /// The key lacks a right.
    case denied
    /// A cap of the account.
    case quota
    case noBucket
    case noKey
    /// A feature that the server does not have.
    case unsupported
    /// TLS does not come about.
    case certificate
    /// A proxy on the way refuses.
    case proxy
    /// Nothing to be done by trying again.
    case refused
    /// Memory, descriptors, files on this side.
    case local

    /// What to do about it.
    struct Remedy: Sendable, Equatable {
        /// Nil: do not try again.
        var backoff: RetryPolicy.Backoff?
        var needsNewConnection = false
        /// Tries of one request for this reason alone; nil for as many as the policy allows.
        var maximumAttempts: Int?
        var code: ReplayCacheError.Code
    }

    /// The table.
    var remedy: Remedy {
        switch self {
        case .throttled: Remedy(backoff: .throttled, code: .unavailable)
        // B2 moves an account between machines: only another connection reaches the next one.
        case .transient: Remedy(backoff: .transient, needsNewConnection: true, code: .unavailable)
        case .unreachable: Remedy(backoff: .transient, needsNewConnection: true, code: .unavailable)
        case .corrupted:
            Remedy(backoff: .transient, needsNewConnection: true, maximumAttempts: 4, code: .integrity)
        case .notS3: Remedy(backoff: .transient, needsNewConnection: true, maximumAttempts: 6, code: .unavailable)
        case .clock: Remedy(backoff: .transient, maximumAttempts: 4, code: .configuration)
        case .proxy: Remedy(backoff: .transient, needsNewConnection: true, maximumAttempts: 3, code: .configuration)
        case .region, .credentials, .expired, .denied, .unsupported, .certificate, .refused:
            Remedy(backoff: nil, code: .configuration)
        case .quota: Remedy(backoff: nil, code: .quota)
        case .noBucket: Remedy(backoff: nil, code: .notFound)
        case .noKey: Remedy(backoff: nil, code: .integrity)
        case .local: Remedy(backoff: nil, code: .disk)
        }
    }

    // MARK: From what a server says

    /// Error codes in the body, which decide before the status.
    static let byCode: [String: S3Trouble] = [
        "SlowDown": .throttled, "ServiceUnavailable": .throttled, "TooManyRequests": .throttled,
        "RequestLimitExceeded": .throttled, "RateLimitExceeded": .throttled, "Throttling": .throttled,
        "ThrottlingException": .throttled, "RequestThrottled": .throttled, "ReducedRequestRate": .throttled,
        "InternalError": .transient, "RequestTimeout": .transient, "IncompleteBody": .transient,
        "ClientDisconnect": .transient, "OperationAborted": .transient, "ConditionalRequestConflict": .transient,
        "RequestTimeTooSkewed": .clock, "RequestExpired": .clock,
        "PermanentRedirect": .region, "TemporaryRedirect": .region, "AuthorizationHeaderMalformed": .region,
        "IllegalLocationConstraintException": .region, "InvalidRegionName": .region,
        "BadDigest": .corrupted, "XAmzContentSHA256Mismatch": .corrupted, "InvalidDigest": .corrupted,
        "XAmzContentChecksumMismatch": .corrupted,
        "NotImplemented": .unsupported, "MethodNotAllowed": .unsupported,
        "InvalidAccessKeyId": .credentials, "SignatureDoesNotMatch": .credentials, "Unauthorized": .credentials,
        "InvalidSecurity": .credentials,
        "ExpiredToken": .expired, "InvalidToken": .expired, "TokenRefreshRequired": .expired,
        "AccessDenied": .denied, "AllAccessDisabled": .denied, "AccountProblem": .denied, "NotEntitled": .denied,
        "QuotaExceeded": .quota, "storage_cap_exceeded": .quota, "transaction_cap_exceeded": .quota,
        "download_cap_exceeded": .quota, "InsufficientStorage": .quota,
        "NoSuchBucket": .noBucket, "InvalidBucketName": .noBucket,
        "NoSuchKey": .noKey, "NoSuchVersion": .noKey,
    ]

    /// Statuses of answers without a code that is known.
    static func of(status: Int) -> S3Trouble {
        switch status {
        case 301, 307: .region
        case 401: .credentials
        case 402, 507: .quota
        case 403: .denied
        case 404: .noKey
        case 405, 501: .unsupported
        case 407: .notS3
        case 408: .transient
        case 429, 503, 509: .throttled
        case 500...599: .transient
        default: .refused
        }
    }

    /// What an answer looks like beside its code.
    struct Shape: Sendable, Equatable {
        /// Answers to HEAD have no body.
        var isHead = false
        /// Whether the bucket was asked rather than an object.
        var isAboutBucket = false
        /// Whether there is a body that no S3 server writes.
        var hasForeignBody = false
        /// Whether it says where the bucket is.
        var hasRegion = false
    }

    /// An answer that is not what was asked for.
    ///
    /// The message counts too: a cap of B2 comes as AccessDenied (`providers.md` section 1).
    static func of(status: Int, code: String?, message: String?, shape: Shape = Shape()) -> S3Trouble {
        let known = code.flatMap { byCode[$0] }
        if known ?? of(status: status) == .denied, let message = message?.lowercased(),
            message.contains("cap ") || message.contains("_cap_")
        {
            return .quota
        }
        if let known { return known }
        let trouble = of(status: status)
        // Gateways say in HTML that they are busy: that passes. All else in HTML is not from S3.
        if shape.hasForeignBody, trouble != .throttled, trouble != .transient { return .notS3 }
        guard code == nil else { return trouble }
        if shape.hasRegion, [301, 307, 400].contains(status) { return .region }
        // Portals redirect to their log-in; S3 says to which region.
        if (300...399).contains(status), !(shape.isHead && trouble == .region) { return .notS3 }
        return status == 404 && shape.isAboutBucket ? .noBucket : trouble
    }

    /// Without a whole answer.
    static func of(_ failure: HTTPFailure) -> S3Trouble {
        switch failure.kind {
        case .nameResolution, .connection, .connectTimeout, .tls: .unreachable
        case .certificate, .certificateFile: .certificate
        case .proxy: .proxy
        case .interrupted, .stalled, .truncated: .transient
        case .malformed: .notS3
        case .local: .local
        }
    }
}
