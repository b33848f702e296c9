/// One thing that `doctor` looked at (`schema/check.schema.json`).
public struct DoctorCheck: Sendable, Equatable, Encodable {
    /// How it turned out.
    public enum Status: String, Sendable, Encodable {
        /// All is well.
        case ok
        /// Something is not as it should be, and much works all the same.
        case warn
        /// Something does not work.
        case fail
        /// It could not be looked at, because of something that was told before.
        case skipped
    }

    /// Version of this form.
    public let v = 1
    /// Always `check`.
    public let event = "check"
    /// What was looked at, in one word that stays: `clock`, `put`, ….
    public let name: String
    /// How it turned out.
    public let status: Status
    /// What was found, or why nothing was.
    public let message: String
    /// What to do.
    public let hint: String?
    /// The kind of failure, which decides the exit status; nil when nothing failed.
    public let code: ReplayCacheError.Code?

    private enum CodingKeys: String, CodingKey { case v, event, name, status, message, hint }

    init(_ name: String, _ status: Status, _ message: String, hint: String? = nil) {
        self.name = name
        self.status = status
        self.message = message
        self.hint = hint
        code = nil
    }

    init(_ name: String, failed error: ReplayCacheError) {
        self.name = name
        status = .fail
        message = error.description
        hint = error.hint
        code = error.code
    }
}

/// How many checks turned out how.
public struct CheckCounts: Sendable, Encodable, Equatable {
    /// Those that found all well.
    public var ok = 0
    /// Those that found something to look at.
    public var warn = 0
    /// Those that found something that does not work.
    public var fail = 0
    /// Those that could not be done.
    public var skipped = 0

    init(_ checks: [DoctorCheck]) {
        for check in checks {
            switch check.status {
            case .ok: ok += 1
            case .warn: warn += 1
            case .fail: fail += 1
            case .skipped: skipped += 1
            }
        }
    }
}

/// All that `doctor` found.
public struct DoctorReport: Sendable {
    /// In the order in which they were done.
    public let checks: [DoctorCheck]
    /// What it took.
    public let summary: SyncSummary

    /// What the run ends with: the first failure decides; nil when nothing failed.
    public var failure: ReplayCacheError? {
        let failed = checks.filter { $0.status == .fail }
        guard let first = failed.first, let code = first.code else { return nil }
        return ReplayCacheError(
            code,
            "\(failed.count) of \(checks.count) checks failed, first of all \"\(first.name)\"",
            hint: "the lines above say what to do"
        )
    }
}
