internal import FoundationEssentials
package import ReplayCache

/// A bucket at a test server, of one test.
package struct TestBucket: Sendable {
    package let server: TestServer
    package let name: String

    /// An object as a quirk server has it.
    package struct Object: Sendable, Decodable {
        package let key: String
        package let byteCount: Int
        package let etag: String
        /// With delete markers.
        package let versions: Int
        package let markers: Int
        /// Whether the newest version is a delete marker.
        package let isDeleted: Bool
    }

    /// All that a client needs.
    ///
    /// `port` is that of a proxy instead of the server's own; with `bucketInHost` a quirk server is found as
    /// `bucket.localhost`, which curl takes for this machine. `provider` is what the client takes the server for.
    package func connection(
        provider: Provider? = nil,
        prefix: String = "",
        port: Int? = nil,
        bucketInHost: Bool = false,
        region: String? = nil,
        credentials: (any S3CredentialSource)? = nil,
        certificateFile: String? = nil
    ) -> S3Connection {
        S3Connection(
            provider: provider ?? server.provider,
            endpoint: S3Endpoint(
                isSecure: server.endpoint.isSecure,
                host: bucketInHost ? "localhost" : "127.0.0.1",
                port: port ?? server.port
            ),
            region: region ?? server.region,
            bucket: name,
            prefix: prefix,
            usesPathStyle: !bucketInHost,
            credentials: credentials ?? FixedS3Credentials(server.credentials),
            certificateFile: certificateFile ?? server.certificateFile
        )
    }

    /// Changes what a quirk server does with requests for this bucket.
    package func behave(_ behaviour: ServerBehaviour) throws {
        let _: JSONValue = try server.control("PUT", "behaviour?bucket=\(name)", behaviour)
    }

    /// Takes back all that ``behave(_:)`` asked for.
    package func behaveNormally() throws {
        let _: JSONValue = try server.control("DELETE", "behaviour?bucket=\(name)", JSONValue.null)
    }

    /// What a quirk server saw of this bucket since it was made or ``forgetStats()`` was called.
    package func stats() throws -> ServerStats { try server.control("GET", "stats?bucket=\(name)", JSONValue.null) }

    /// Counts requests anew.
    package func forgetStats() throws {
        let _: JSONValue = try server.control("DELETE", "stats?bucket=\(name)", JSONValue.null)
    }

    /// All names at a quirk server, deleted ones that have versions too.
    package func objects() throws -> [Object] { try server.control("GET", "objects?bucket=\(name)", JSONValue.null) }

    /// Puts an object there behind the client's back; `mtime` as rclone writes it.
    package func plant(_ key: String, _ bytes: [UInt8], mtime: String? = nil) throws {
        let digits = Array("0123456789abcdef".utf8)
        var hex: [UInt8] = []
        hex.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            hex.append(digits[Int(byte >> 4)])
            hex.append(digits[Int(byte & 15)])
        }
        var object: [String: JSONValue] = ["key": .string(key), "hex": .string(String(decoding: hex, as: UTF8.self))]
        if let mtime { object["metadata"] = .object(["mtime": .string(mtime)]) }
        let _: JSONValue = try server.control("PUT", "objects?bucket=\(name)", object)
    }

    /// Changes one byte of an object at rest; its ETag stays.
    package func damage(_ key: String, at offset: Int = 0) throws {
        let change: [String: JSONValue] = ["key": .string(key), "flip": .number(Double(offset))]
        let _: JSONValue = try server.control("PUT", "objects?bucket=\(name)", change)
    }

    /// Removes an object with all its versions, as if it had never been there.
    package func remove(_ key: String) throws {
        let change: [String: JSONValue] = ["key": .string(key), "remove": .bool(true)]
        let _: JSONValue = try server.control("PUT", "objects?bucket=\(name)", change)
    }

    /// Lets an object look as if it had been put that many seconds earlier.
    package func age(_ key: String, by seconds: Int) throws {
        let change: [String: JSONValue] = ["key": .string(key), "age": .number(Double(seconds))]
        let _: JSONValue = try server.control("PUT", "objects?bucket=\(name)", change)
    }
}
