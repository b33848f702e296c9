/// Looks at all that has to be right for a push or a fetch: settings, network, clock, rights, disks, local state.
///
/// Changes nothing but an object of its own at the place, which it removes; it does not need the catalog to open. Bounded:
/// what does not answer is given up.
public struct Doctor: Sendable {
    private let remote: String?
    private let home: String?
    private let environment: EnvironmentVariables

    /// Looks at `remote`, by default the one that a command without REMOTE would use, and at the local state in `home`, by
    /// default where ``Workspace/open(home:progress:transfer:report:)`` has it.
    public init(remote: String? = nil, home: String? = nil) {
        self.init(remote: remote, home: home, environment: .process)
    }

    /// The same with the settings in `environment`.
    package init(remote: String?, home: String?, environment: EnvironmentVariables) {
        self.remote = remote
        self.home = home
        self.environment = environment
    }

    /// Of all checks together.
    private static let total = Duration.seconds(150)

    /// Does the checks, and calls `report` with each as it is done.
    ///
    /// - Throws: ``ReplayCacheError`` with code `cancelled`, and what `report` threw. What is wrong is no error: it is told.
    public func run(_ report: @escaping (DoctorCheck) throws -> Void) async throws -> DoctorReport {
        do {
            return try await examine(report)
        } catch {
            throw ReplayCacheError(error, doing: "checking")
        }
    }

    private func examine(_ report: @escaping (DoctorCheck) throws -> Void) async throws -> DoctorReport {
        let started = ContinuousClock.now
        var examination = Examination(patience: Patience(total: Self.total), report)
        let local = LocalChecks(home: home, environment: environment)
        let home = try await local.run(&examination)
        var meter = MeteredRemote.Meter()
        if let place = try await place(&examination) {
            switch (place.kind, home) {
            case (.directory, _):
                try await DirectoryChecks(place: place, home: home).run(&examination, &meter)
            case (.bucket(let bucket), let home?):
                let checks = BucketChecks(place: place, bucket: bucket, home: home, environment: environment)
                try await checks.run(&examination, &meter)
            case (.bucket, nil):
                // No command gets further either.
                try examination.skip(["configuration"], "there is no folder for the local state")
            }
        }
        var summary = SyncSummary(command: "doctor")
        summary.add(meter)
        summary.checks = CheckCounts(examination.checks)
        summary.seconds = (ContinuousClock.now - started).seconds
        return DoctorReport(checks: examination.checks, summary: summary)
    }

    /// The place to look at; without one, what there is of settings is told.
    private func place(_ examination: inout Examination) async throws -> Place? {
        // A path is looked at, which may be on a dead mount.
        let found = try await examination.outcome { [remote, environment] in
            try await BlockingPool.shared.run {
                try remote.map { try Place($0, environment: environment) }
                    ?? Place.default(environment: environment)
            }
        }
        switch found {
        case .success(let place?):
            try examination.ok("remote", "\(place)\(remote == nil ? ", from \(defaultSource)" : "")")
            return place
        case .success(nil):
            try VariableCheck(environment: environment).run(&examination)
            try examination.skip(
                ["remote"],
                "no remote was given, and no default is set",
                hint: "name one, for example b2:BUCKET/replaycache, or set REPLAYCACHE_REMOTE"
            )
        case .failure(let error):
            if remote == nil { try VariableCheck(environment: environment).run(&examination) }
            try examination.fail("remote", error)
        }
        return nil
    }

    private var defaultSource: String {
        let named = try? environment.setting("REPLAYCACHE_REMOTE")
        return named.map(\.source) ?? "the provider's variables"
    }
}
