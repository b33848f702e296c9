import ArgumentParser
import ReplayCache

/// `replaycache doctor`; the library's type has the shorter name.
struct DoctorCommand: ReplayCacheSubcommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check settings, network, rights, disks and local state, and say what to do.",
        discussion: """
            Each line begins with ok, warn, fail or skip. An object of its own, doctor-probe, is written to the \
            remote, read and removed again: it leaves nothing behind, unless the key may not delete. The exit status is that of the first failure.

            Examples:
              replaycache doctor b2:my-bucket/replaycache
              replaycache doctor /mnt/backup/melee --json
            """
    )

    @Argument(help: "The repository; by default $REPLAYCACHE_REMOTE, else the bucket of the provider that is set up.")
    var remote: String?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let (isJSON, isQuiet) = (global.json, global.quiet)
        let report = try await Doctor(remote: remote).run { check in
            if isJSON { return try Console.json(check) }
            guard !isQuiet || [.warn, .fail].contains(check.status) else { return }
            try Console.data(Self.lines(check))
        }
        if isJSON {
            try Console.json(report.summary)
        } else if let counts = report.summary.checks, !isQuiet {
            try Console.data(Self.totals(counts))
        }
        if let failure = report.failure { throw SummarizedFailure(error: failure) }
    }

    private static func lines(_ check: DoctorCheck) -> String {
        let status = check.status == .skipped ? "skip" : check.status.rawValue
        let name = check.name.padded(to: 13)
        let line = "\(status.padded(to: 4)) \(name) \(DisplayText.escaped(check.message))"
        guard let hint = check.hint else { return line }
        return "\(line)\n     hint: \(DisplayText.escaped(hint))"
    }

    private static func totals(_ counts: CheckCounts) -> String {
        "\(counts.ok) ok, \(counts.warn) to look at, \(counts.fail) failed, \(counts.skipped) skipped"
    }
}

extension String {
    /// With blanks behind it, for a column.
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
