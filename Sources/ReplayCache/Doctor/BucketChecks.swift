/// A repository in a bucket: from the settings to the rights, in the order in which a request needs them.
struct BucketChecks {
    let place: Place
    let bucket: BucketPlace
    let home: String
    let environment: EnvironmentVariables

    /// More than this and something is wrong with the clock.
    private static let largeOffset = Duration.seconds(60)
    /// Beyond this S3 refuses signatures (`providers.md` section 0).
    private static let fatalOffset = Duration.seconds(900)
    /// Faults that pass are waited for, but not for long.
    private static let attempts = 4

    private var placeChecks: PlaceChecks { PlaceChecks(place: place, home: home) }

    func run(_ examination: inout Examination, _ meter: inout MeteredRemote.Meter) async throws {
        guard let connection = try await settings(&examination) else {
            let reason = "the settings do not lead to a server"
            try examination.skip(["dns", "connection", "clock", "bucket"] + RightsCheck.names, reason)
            return try await placeChecks.run(without: reason, &examination)
        }
        try examination.ok("capabilities", Self.capabilities(of: connection.provider))
        if let reason = try await obstacle(S3Probe(connection), &examination) {
            try examination.skip(["bucket"] + RightsCheck.names, reason)
            return try await placeChecks.run(without: reason, &examination)
        }
        var remoteSettings = RemoteSettings()
        remoteSettings.maximumAttempts = Self.attempts
        let remote = MeteredRemote(S3Remote(connection, settings: remoteSettings))
        try await use(remote, connection, &examination)
        meter = remote.meter
    }

    // MARK: Settings

    private func settings(_ examination: inout Examination) async throws -> S3Connection? {
        let outcome = try await examination.outcome { [self] in
            // What was remembered of an account may be what is wrong.
            try await S3Connection.forget(bucket, environment: place.environment, home: home)
            return try await S3Connection.resolve(bucket, environment: place.environment, home: home)
        }
        let connection: S3Connection
        switch outcome {
        case .success(let found): connection = found
        case .failure(let error):
            // Where the settings are right, the provider refused them or cannot be asked.
            try examination.fail(error.code == .configuration ? "configuration" : "account", error)
            try proxy(&examination)
            return nil
        }
        let findings = Dictionary(connection.findings.map { ($0.setting, $0.text) }) { first, _ in first }
        func text(_ setting: String) -> String { findings[setting] ?? "unknown" }
        try examination.ok(
            "configuration",
            "\(text("provider")), bucket \(text("bucket")), prefix \(text("prefix"))"
        )
        try examination.ok("credentials", "\(text("credentials")), key id \(text("key id"))")
        for setting in ["account", "endpoint", "region", "certificates"] {
            if let found = findings[setting] { try examination.ok(setting, found) }
        }
        try proxy(&examination)
        return connection
    }

    private func proxy(_ examination: inout Examination) throws {
        let found = try ["https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"]
            .compactMap { try environment.setting($0) }
        guard !found.isEmpty else { return try examination.ok("proxy", "none") }
        let exceptions = ["NO_PROXY", "no_proxy"].filter { environment.names.contains($0) }
        let except = exceptions.isEmpty ? "" : ", but for what \(exceptions.joined(separator: " and ")) names"
        let proxies = found.map { "\(ProxyAddress.shown($0.text)) from \($0.source)" }.joined(separator: ", ")
        try examination.ok("proxy", proxies + except)
    }

    // MARK: The way there

    /// Why the server cannot be reached; nil when it can.
    private func obstacle(_ probe: S3Probe, _ examination: inout Examination) async throws -> String? {
        if probe.isAddress {
            try examination.ok("dns", "\(probe.host) need not be looked up")
        } else if probe.isProxied {
            try examination.skip(["dns"], "the proxy looks names up")
        } else {
            let found = try await examination.attempt("dns") {
                try await BlockingPool.shared.run { try probe.addresses() }
            }
            guard let found else {
                let reason = "the server's name is not known"
                try examination.skip(["connection", "clock"], reason)
                return reason
            }
            try examination.ok("dns", "\(probe.host) is \(found.prefix(4).joined(separator: ", "))")
        }
        guard let greeting = try await examination.attempt("connection", { try await probe.greet() }) else {
            let reason = "there is no connection to the server"
            try examination.skip(["clock"], reason)
            return reason
        }
        let milliseconds = greeting.elapsed.seconds * 1000
        let kind = probe.connection.endpoint.isSecure ? "TLS, the certificate is trusted" : "plain http to this machine"
        try examination.ok("connection", "\(kind), answered in \(Decimals.format(milliseconds, places: 0)) ms")
        try clock(greeting, host: probe.host, &examination)
        return nil
    }

    private func clock(_ greeting: S3Probe.Greeting, host: String, _ examination: inout Examination) throws {
        guard let offset = greeting.clockOffset else {
            return try examination.skip(["clock"], "\(host) does not tell the time")
        }
        let distance = offset < .zero ? .zero - offset : offset
        let seconds = Int(distance.seconds.rounded())
        let amount = seconds < 120 ? "\(seconds) s" : "\(seconds / 60) min"
        // The header has whole seconds, and the answer takes a while.
        guard distance > .seconds(2) else { return try examination.ok("clock", "agrees with that of \(host)") }
        let message = "this machine's clock is \(amount) \(offset < .zero ? "ahead of" : "behind") that of \(host)"
        guard distance > Self.largeOffset else { return try examination.ok("clock", message) }
        let hint = "set the clock, for example `timedatectl set-ntp true`"
        guard distance > Self.fatalOffset else { return try examination.warn("clock", message, hint: hint) }
        try examination.fail("clock", ReplayCacheError(.configuration, message, hint: hint))
    }

    // MARK: The bucket

    private func use(
        _ remote: MeteredRemote,
        _ connection: S3Connection,
        _ examination: inout Examination
    ) async throws {
        switch try await examination.outcome({ try await remote.foreignName() }) {
        case .success:
            try examination.ok("bucket", connection.bucket)
            try examination.ok("list", "allowed")
            try await RightsCheck(remote: remote, location: bucket.path).run(&examination)
        case .failure(let error) where error.circumstance == .denied:
            try examination.skip(["bucket"], "it cannot be told without listing it")
            try examination.fail("list", error)
            try await RightsCheck(remote: remote, location: bucket.path).run(&examination)
        case .failure(let error):
            try examination.fail("bucket", error)
            let reason = "the bucket cannot be used"
            try examination.skip(RightsCheck.names, reason)
            return try await placeChecks.run(without: reason, &examination)
        }
        if examination.checks.contains(where: { ["list", "get"].contains($0.name) && $0.status == .fail }) {
            return try await placeChecks.run(without: "a right that it takes is missing", &examination)
        }
        try await placeChecks.run(remote, &examination)
    }

    private static func capabilities(of provider: Provider) -> String {
        let versions =
            switch provider.versions {
            case .never: "no versions are kept"
            case .possible: "versions are kept if the bucket is set so"
            case .always: "versions pile up: what is deleted stays until each version is (replaycache deletes them all)"
            }
        return "\(provider.title): \(provider.hasBulkDelete ? "bulk delete" : "no bulk delete"), \(versions)"
    }
}
