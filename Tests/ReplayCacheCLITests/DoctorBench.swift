import ReplayCache
import ReplayCacheTestSupport
import Testing

/// What `doctor --json` told, checked against its schemas.
struct Diagnosis {
    let exitStatus: Int
    let checks: [JSONValue]
    /// All that was printed.
    let text: String

    init(_ result: CommandLineResult) throws {
        exitStatus = result.status
        text = result.output + result.errors
        let lines = try result.json()
        checks = Array(lines.dropLast())
        let schema = try JSONSchemaCheck("check")
        for check in checks { #expect(schema.problems(check) == [], "\(check)") }
        let summary = try #require(lines.last)
        #expect(try JSONSchemaCheck("summary").problems(summary) == [])
        let counted = ["ok", "warn", "fail", "skipped"].compactMap { summary["checks"]?[$0]?.int }.reduce(0, +)
        #expect(counted == checks.count)
    }

    /// The names of the checks with a status.
    func names(_ status: String) -> [String] {
        checks.filter { $0["status"]?.string == status }.compactMap { $0["name"]?.string }
    }

    func status(_ name: String) -> String? { check(name)?["status"]?.string }
    func message(_ name: String) -> String { check(name)?["message"]?.string ?? "" }
    func hint(_ name: String) -> String { check(name)?["hint"]?.string ?? "" }

    private func check(_ name: String) -> JSONValue? { checks.first { $0["name"]?.string == name } }
}

extension CommandLineSandbox {
    /// Runs the doctor; none of `environment`'s values that look like secrets may be told.
    func diagnose(_ remote: String?, environment: [String: String] = [:]) async throws -> Diagnosis {
        let arguments = ["doctor"] + (remote.map { [$0] } ?? []) + ["--json"]
        let result = try await run(try configuration(arguments, environment: environment))
        let diagnosis = try Diagnosis(result)
        for (name, value) in environment where name.contains("SECRET") || name.contains("APP_KEY") {
            #expect(!diagnosis.text.contains(value), "\(name) is told")
        }
        return diagnosis
    }
}

extension TestBucket {
    /// Through AWS's variables.
    func awsVariables(secret: String? = nil, keyID: String? = nil) -> [String: String] {
        [
            "AWS_ENDPOINT_URL": "\(server.endpoint)", "AWS_REGION": server.region,
            "AWS_ACCESS_KEY_ID": keyID ?? server.accessKey, "AWS_SECRET_ACCESS_KEY": secret ?? server.secretKey,
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    func b2Variables(secret: String? = nil) -> [String: String] {
        [
            "B2_API_URL": "\(server.endpoint)", "B2_KEY_ID": server.accessKey,
            "B2_APP_KEY": secret ?? server.secretKey, "AWS_REGION": server.region,
        ]
    }

    func r2Variables() -> [String: String] {
        [
            "R2_ENDPOINT": "\(server.endpoint)", "R2_ACCESS_KEY": server.accessKey,
            "R2_SECRET_KEY": server.secretKey,
        ]
    }

    /// Names that a listing shows.
    func shownNames() throws -> [String] { try objects().filter { !$0.isDeleted }.map(\.key) }
}
