import ReplayCache
import Synchronization

/// Tells a person, or a program, how an operation goes.
final class Narrator: Sendable {
    private let isJSON: Bool
    private let isQuiet: Bool
    private let isVerbose: Bool
    private let progress: Progress
    private let isTerminal = Machine.isTerminal(2) && Machine.environment("TERM") != "dumb"
    /// Whether a progress line stands on the terminal and must be wiped before anything else is written.
    private let isDrawn = Mutex(false)
    private let hasToldOfDamage = Mutex(false)
    private let toldOfWaitingAt = Mutex<ContinuousClock.Instant?>(nil)

    init(options: GlobalOptions, progress: Progress) {
        isJSON = options.json
        isQuiet = options.quiet
        isVerbose = options.verbose
        self.progress = progress
    }

    /// What a command that printed rows ends with when some may be missing, nil when all is well.
    var damage: ReplayCacheError? {
        hasToldOfDamage.withLock { $0 } ? .damagedLog : nil
    }

    /// Prints an event as it happens.
    func tell(_ event: SyncEvent) {
        if case .damaged = event { hasToldOfDamage.withLock { $0 = true } }
        if isJSON {
            // A closed pipe shows at the summary; events before it are not worth ending a transfer for.
            try? Console.json(event)
            return
        }
        guard let line = text(of: event) else { return }
        isDrawn.withLock { isDrawn in
            if isDrawn { wipe() }
            isDrawn = false
            StandardStream.note(DisplayText.escaped(line))
        }
    }

    private func text(of event: SyncEvent) -> String? {
        switch event {
        case .failed(let path, let reason): return "failed: \(path): \(reason)"
        case .refused(let path, let reason): return "refused: \(path) \(reason)"
        case .conflict(let path): return "conflict: \(path) changed on both sides"
        case .objectDamaged(let key, let reason, let paths):
            return paths.isEmpty ? "\(key) \(reason)" : "\(key) \(reason); needed by \(paths.joined(separator: ", "))"
        case .damaged(let message), .warning(let message): return "warning: \(message)"
        default: break
        }
        guard !isQuiet else { return nil }
        switch event {
        case .created(let place): return "created a repository at \(place)"
        case .deferred(let path, let reason): return "deferred: \(path) \(reason)"
        case .deletedElsewhere(let path): return "deleted elsewhere: \(path); the local file was left alone"
        case .behind(let path): return isVerbose ? "behind: \(path)" : nil
        case .placed(let path): return isVerbose ? "placed: \(path)" : nil
        case .retired(let path): return isVerbose ? "moved away: \(path)" : nil
        case .published(let path): return isVerbose ? "published: \(path)" : nil
        case .healed(let path): return isVerbose ? "stored again: \(path)" : nil
        case .moved(let from, let to): return isVerbose ? "moved: \(from) -> \(to)" : nil
        case .retrying(let what, let waited, let seconds):
            // Short waits are nobody's business; a long one explains why nothing moves, and once for all that wait.
            guard isVerbose || (waited + seconds >= 5 && isTimeToTellOfWaiting()) else { return nil }
            return "trying again in \(Decimals.format(seconds, places: 1)) s: \(what)"
        case .committed(let files): return isVerbose ? "committed: \(Decimals.grouped(files)) files" : nil
        default: return nil
        }
    }

    private func isTimeToTellOfWaiting() -> Bool {
        toldOfWaitingAt.withLock { last in
            let now = ContinuousClock.now
            if let last, now - last < Self.plainInterval { return false }
            last = now
            return true
        }
    }

    // MARK: Progress

    private static let terminalInterval = Duration.milliseconds(100)
    private static let plainInterval = Duration.seconds(10)

    /// Runs `operation` and draws how far it is: a line that is redrawn on a terminal, else a line every ten seconds.
    func drawing<Value>(_ operation: () async throws -> Value) async throws -> Value {
        guard !isQuiet, !isJSON else { return try await operation() }
        let ticker = Task { [self] in await tick() }
        defer {
            ticker.cancel()
            isDrawn.withLock { isDrawn in
                if isDrawn { wipe() }
                isDrawn = false
            }
        }
        return try await operation()
    }

    private func tick() async {
        let started = ContinuousClock.now
        while true {
            do {
                try await Task.sleep(for: isTerminal ? Self.terminalInterval : Self.plainInterval)
            } catch {
                return
            }
            let line = Self.describe(progress.snapshot, elapsed: (ContinuousClock.now - started).seconds)
            isDrawn.withLock { isDrawn in
                guard !Task.isCancelled else { return }
                guard isTerminal else { return StandardStream.note(line) }
                let fitted = String(line.prefix(StandardStream.width(of: 2) - 1))
                _ = StandardStream.write(Array("\r\u{1B}[K\(fitted)".utf8), to: 2)
                isDrawn = true
            }
        }
    }

    private func wipe() { _ = StandardStream.write(Array("\r\u{1B}[K".utf8), to: 2) }

    static func describe(_ now: Progress.Snapshot, elapsed: Double) -> String {
        var line = "\(now.phase): \(Decimals.grouped(now.itemsDone))"
        if let total = now.itemsTotal { line += " of \(Decimals.grouped(total))" }
        line += " files, \(ByteCount(now.bytesDone))"
        if let total = now.bytesTotal { line += " of \(ByteCount(total))" }
        guard elapsed > 0.5, now.bytesDone > 0 else { return line }
        let rate = Double(now.bytesDone) / elapsed
        line += ", \(ByteCount(Int64(rate)))/s"
        if let total = now.bytesTotal, total > now.bytesDone {
            line += ", \(Self.duration(Double(total - now.bytesDone) / rate)) left"
        }
        return line
    }

    /// For example `8 s`, `3 min 20 s` or `2 h 5 min`.
    static func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole / 60 % 60) min"
    }

    // MARK: Summary

    func conclude(_ summary: SyncSummary) throws {
        if isJSON {
            try Console.json(summary)
        } else if !isQuiet {
            if let note = SummaryText.linksNote(summary) { StandardStream.note(note) }
            for line in SummaryText.lines(summary) { try Console.data(line) }
        }
    }
}
