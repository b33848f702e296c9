import ReplayCache
import Synchronization

/// Tells a person, or a program, how an operation goes.
final class Narrator: Sendable {
    private let isJSON: Bool
    private let isQuiet: Bool
    private let isVerbose: Bool
    private let progress: Progress
    private let isTerminal = Machine.isTerminal(2) && Machine.environment("TERM") != "dumb"
    /// What stands on the terminal and must be wiped before anything else is written.
    private let block = Mutex(TerminalBlock())
    private let retries = Mutex(0)
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
        if case .retrying = event { retries.withLock { $0 += 1 } }
        if isJSON {
            // A closed pipe shows at the summary; events before it are not worth ending a transfer for.
            try? Console.json(event)
            return
        }
        guard let line = text(of: event) else { return }
        block.withLock { block in
            wipe(&block)
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
        case .unreadable(let path, let reason): return "unreadable: \(path): \(reason)"
        case .sameGame(let path, let other): return isVerbose ? "same game: \(path) and \(other)" : nil
        case .deletedElsewhere(let path): return "deleted elsewhere: \(path); the local file was left alone"
        case .behind(let path): return isVerbose ? "behind: \(path)" : nil
        case .placed(let path): return isVerbose ? "placed: \(path)" : nil
        case .retired(let path): return isVerbose ? "moved away: \(path)" : nil
        case .removed(let path): return "removed: \(path)"
        case .wouldRemove(let path): return "would remove: \(path)"
        case .linked(let path, let other, _): return isVerbose ? "linked: \(path) -> \(other)" : nil
        case .wouldLink(let path, let other, let kind):
            return "would link: \(path) -> \(other) (\(kind == .reflink ? "reflink" : "hard link"))"
        case .restored(let path): return "restored: \(path)"
        case .wouldRestore(let path): return "would restore: \(path)"
        case .lost(let path, let digest, let host):
            return "changed at once: \(path): the version of \(host) (\(digest.hex.prefix(8))) is in its history"
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

    private static let terminalInterval = Duration.milliseconds(200)
    /// Without a terminal it is looked this often, and told every ten seconds.
    private static let plainSample = Duration.seconds(1)
    private static let plainInterval = Duration.seconds(10)
    /// A rate on a terminal is over so long; one in a log over all the time since the line before.
    private static let terminalWindow = Duration.seconds(5)

    /// Runs `operation` and draws how far it is: a block that is redrawn on a terminal, else a line every ten seconds.
    func drawing<Value>(_ operation: () async throws -> Value) async throws -> Value {
        guard !isQuiet, !isJSON else { return try await operation() }
        let ticker = Task { [self] in await tick() }
        defer {
            ticker.cancel()
            block.withLock { wipe(&$0) }
        }
        return try await operation()
    }

    private func tick() async {
        let started = ContinuousClock.now
        var told = started
        var rate = RateWindow(length: isTerminal ? Self.terminalWindow : Self.plainInterval)
        while true {
            let now = progress.snapshot
            rate.note(now.bytesDone, at: ContinuousClock.now - started, phase: now.phaseNumber)
            do {
                try await Task.sleep(for: isTerminal ? Self.terminalInterval : Self.plainSample)
            } catch {
                return
            }
            guard isTerminal || ContinuousClock.now - told >= Self.plainInterval else { continue }
            told = .now
            let text = ProgressText(
                now: now,
                bytesPerSecond: rate.bytesPerSecond,
                retries: retries.withLock { $0 }
            )
            block.withLock { block in
                guard !Task.isCancelled else { return }
                guard isTerminal else { return StandardStream.note(text.line) }
                let lines = text.block(width: StandardStream.width(of: 2) - 1)
                _ = StandardStream.write(Array(block.draw(lines).utf8), to: 2)
            }
        }
    }

    private func wipe(_ block: inout TerminalBlock) {
        let text = block.wipe()
        if !text.isEmpty { _ = StandardStream.write(Array(text.utf8), to: 2) }
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
