import FoundationEssentials

/// The program rclone, as people fill buckets with it and read them.
package enum Rclone {
    /// Runs rclone with a test bucket as `hub:BUCKET`, and returns its exit code and what it printed.
    package static func run(
        _ arguments: [String],
        with bucket: TestBucket
    ) async throws -> (code: Int, output: String, error: String) {
        let environment = ProcessInfo.processInfo.environment
        let peers = environment["REPLAYCACHE_PEERS"] ?? "\(environment["HOME"] ?? "")/.cache/replaycache-peers"
        let settings = [
            "TYPE=s3", "PROVIDER=Other", "ENDPOINT=\(bucket.server.endpoint)", "REGION=\(bucket.server.region)",
            "ACCESS_KEY_ID=\(bucket.server.accessKey)", "SECRET_ACCESS_KEY=\(bucket.server.secretKey)",
            "NO_CHECK_BUCKET=true", "LIST_VERSION=2",
        ]
        let variables = ["RCLONE_CONFIG=/dev/null"] + settings.map { "RCLONE_CONFIG_HUB_\($0)" }
        return try await Program.run("env", variables + ["\(peers)/bin/rclone"] + arguments)
    }
}
