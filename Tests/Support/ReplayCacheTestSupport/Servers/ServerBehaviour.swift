/// What a quirk server is to do otherwise: the fields of `Tests/Servers/quirks/behaviour.py`, where each is explained.
///
/// Fields that are nil stay as they are.
package struct ServerBehaviour: Sendable, Encodable {
    /// The operations that a rule is about, by the verbs of `Remote` or as S3 names them: `PutObject`.
    package enum Operation: String, Sendable, Encodable {
        case put = "PUT"
        case get = "GET"
        case head = "HEAD"
        case delete = "DELETE"
        case copy = "COPY"
        case bulkDelete = "BULK"
        case list = "LIST"
        case listVersions = "VERSIONS"
    }

    /// The region that the bucket is really in, and how a request that was signed for another is answered.
    package struct Redirect: Sendable, Encodable {
        package var status: Int
        package var region: String
        /// Whether `x-amz-bucket-region` says it.
        package var header: Bool

        package init(status: Int, region: String, header: Bool = true) {
            self.status = status
            self.region = region
            self.header = header
        }
    }

    /// An answer that stands in for the next requests.
    package struct NextError: Sendable, Encodable {
        package var status: Int
        package var code: String
        package var message: String?
        package var retryAfter: Int?
        package var headers: [String: String]?
        /// A page of HTML instead of XML.
        package var html: Bool?
        /// Close the connection instead of answering.
        package var drop: Bool?
        package var count: Int
        /// How many requests pass before.
        package var skip: Int
        /// Nil for all.
        package var operation: Operation?

        package init(
            _ status: Int,
            _ code: String = "InternalError",
            message: String? = nil,
            retryAfter: Int? = nil,
            headers: [String: String]? = nil,
            html: Bool? = nil,
            drop: Bool? = nil,
            count: Int = 1,
            skip: Int = 0,
            operation: Operation? = nil
        ) {
            self.status = status
            self.code = code
            self.message = message
            self.retryAfter = retryAfter
            self.headers = headers
            self.html = html
            self.drop = drop
            self.count = count
            self.skip = skip
            self.operation = operation
        }
    }

    /// An error of B2's own API.
    package struct NativeError: Sendable, Encodable {
        package var status: Int
        package var code: String
        package var message: String

        package init(_ status: Int, _ code: String, message: String = "as asked") {
            self.status = status
            self.code = code
            self.message = message
        }
    }

    /// What a B2 key may do.
    package struct Allowed: Sendable, Encodable {
        package struct Bucket: Sendable, Encodable {
            package var id: String
            package var name: String?

            package init(id: String, name: String?) {
                self.id = id
                self.name = name
            }
        }
        package var capabilities: [String]
        /// Nil for all.
        package var buckets: [Bucket]?
        package var namePrefix: String?

        package init(
            capabilities: [String] = ["listFiles", "readFiles", "writeFiles", "deleteFiles"],
            buckets: [Bucket]? = nil,
            namePrefix: String? = nil
        ) {
            self.capabilities = capabilities
            self.buckets = buckets
            self.namePrefix = namePrefix
        }
    }

    /// The metadata services of AWS.
    package struct Metadata: Sendable, Encodable {
        package var role: String
        package var lifetimeSeconds: Int
        /// What the container service wants as `Authorization`; nil for nothing.
        package var authorization: String?
        /// What the keys that are handed out consist of; nil for something new each time.
        package var secret: String?
        package var token: String?

        package init(
            role: String = "replaycache-role",
            lifetimeSeconds: Int = 3600,
            authorization: String? = nil,
            secret: String? = nil,
            token: String? = nil
        ) {
            self.role = role
            self.lifetimeSeconds = lifetimeSeconds
            self.authorization = authorization
            self.secret = secret
            self.token = token
        }
    }

    package var denied: [Operation]?
    package var allowedPrefix: String?
    package var cap: Bool?
    package var clockOffsetSeconds: Int?
    package var redirect: Redirect?
    package var html: Int?
    package var nextErrors: [NextError]?
    /// Key to error code.
    package var failKeys: [String: String]?
    package var writeIntervalSeconds: Double?
    package var repeatsListTokens: Bool?
    package var maximumPutByteCount: Int?
    package var copyTakesConditions: Bool?
    package var pageSize: Int?
    package var expireToken: Bool?
    package var b2Error: NativeError?
    package var b2Allowed: Allowed?
    package var metadata: Metadata?

    /// Changes nothing yet.
    package init() {}
}

/// What a quirk server saw, of one bucket or of all; what is about connections is always of the whole server.
package struct ServerStats: Sendable, Decodable {
    package let requests: Int
    /// By the names of S3: `PutObject`.
    package let operations: [String: Int]
    /// By status as text.
    package let statuses: [String: Int]
    /// By error code.
    package let codes: [String: Int]
    package let headerNames: [String]
    package let bodyBytesReceived: Int
    package let bodyBytesSent: Int
    package let connections: Int
    package let openConnections: Int
    package let mostConnections: Int
    package let bytesReceived: Int
    package let bytesSent: Int
    /// Requests with `Expect: 100-continue`.
    package let expectSeen: Int
    /// Requests to the `Location` of a redirect, which must not be followed.
    package let followedRedirects: Int
}
