/// Which checkpoint of a run: `RUN`, `RUN@latest`, `RUN@best:METRIC[:min|max]`, `RUN@STEP` or `RUN@NAME`.
public struct CheckpointReference: Sendable, Equatable {
    enum Choice: Sendable, Equatable {
        case latest
        case best(metric: String, Direction?)
        case step(Int64)
        case name(String)
    }

    enum Direction: String, Sendable { case min, max }

    let run: String
    let choice: Choice

    /// Reads a reference.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage`.
    public init(_ text: String) throws {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        run = String(parts[0])
        try Self.checkRun(run)
        let choice = parts.count > 1 ? String(parts[1]) : "latest"
        if choice == "latest" {
            self.choice = .latest
        } else if choice.hasPrefix("best:") {
            self.choice = try Self.best(choice)
        } else if let step = Int64(choice) {
            self.choice = .step(step)
        } else if choice.isEmpty {
            throw ReplayCacheError(
                .usage,
                "nothing stands after the @ in \(DisplayText.quoted(text))",
                hint: Self.forms
            )
        } else {
            self.choice = .name(choice)
        }
    }

    private static let forms = "write RUN, RUN@latest, RUN@best:METRIC, RUN@STEP or RUN@NAME"

    private static func best(_ text: String) throws -> Choice {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count == 2 || fields.count == 3, !fields[1].isEmpty else {
            throw ReplayCacheError(.usage, "\(DisplayText.quoted(text)) names no metric", hint: "write best:val_loss")
        }
        guard fields.count == 3 else { return .best(metric: String(fields[1]), nil) }
        guard let direction = Direction(rawValue: String(fields[2])) else {
            throw ReplayCacheError(
                .usage,
                "\(DisplayText.quoted(String(fields[2]))) is no direction",
                hint: "write min or max"
            )
        }
        return .best(metric: String(fields[1]), direction)
    }

    /// A run's name is one component of a path.
    static func checkRun(_ run: String) throws {
        do {
            guard try LogicalPath(run).components.count == 1, !run.contains("@") else {
                throw LogicalPathError(path: run, reason: "is no name of a run: it has a slash or an @")
            }
        } catch let error as LogicalPathError {
            throw ReplayCacheError(
                .usage,
                error.description,
                hint: "a run is called something like fox-v3",
                subject: run
            )
        }
    }

    /// Whether a text can be the name of a checkpoint: it must not read as another way to choose.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && !text.contains("@") && !text.contains("/") && text != "latest" && !text.hasPrefix("best:")
            && Int64(text) == nil
    }

    /// Refuses what is no name.
    static func checkName(_ name: String) throws {
        guard isName(name) else {
            throw ReplayCacheError(
                .usage,
                "\(DisplayText.quoted(name)) cannot be the name of a checkpoint",
                hint: "give --name a text without / and @ that is no number, not latest and not best:…",
                subject: name
            )
        }
    }

    /// The direction in which a metric gets better when nobody says: down for losses, errors and perplexities.
    static func direction(of metric: String) -> Direction {
        let name = metric.lowercased()
        return ["loss", "err", "ppl"].contains(where: name.contains) ? .min : .max
    }

    /// The checkpoint meant, among all of the run, newest first.
    func resolve(_ rows: [CheckpointRow]) throws -> CheckpointRow {
        guard let newest = rows.first else {
            throw ReplayCacheError(
                .usage,
                "no checkpoint of run \(DisplayText.quoted(run)) was published",
                subject: run
            )
        }
        switch choice {
        case .latest:
            return newest
        case .best(let metric, let direction):
            return try best(metric, direction ?? Self.direction(of: metric), rows)
        case .step(let step):
            let found = rows.filter { $0.step == step }
            // `push` refuses such names, the format does not.
            if found.isEmpty, let named = rows.first(where: { $0.name == "\(step)" }) { return named }
            return try only(found, "step \(step)", rows)
        case .name(let name):
            // A name that is published again and again means its newest version.
            guard let row = rows.first(where: { $0.name == name }) else { throw unknown("called \(name)", rows) }
            return row
        }
    }

    private func best(_ metric: String, _ direction: Direction, _ rows: [CheckpointRow]) throws -> CheckpointRow {
        // NaN is never best.
        let scored = rows.compactMap { row in row.metrics[metric].map { (row: row, value: $0.value) } }
            .filter { !$0.value.isNaN }
        let ordered = direction == .min ? scored.min { $0.value < $1.value } : scored.max { $0.value < $1.value }
        guard let found = ordered else {
            let known = Set(rows.flatMap { $0.metrics.keys }).sorted()
            guard !known.contains(metric) else {
                throw ReplayCacheError(
                    .usage,
                    "every value of \(DisplayText.quoted(metric)) in \(run) is NaN, and NaN is never best",
                    hint: "choose by step or name",
                    subject: metric
                )
            }
            throw ReplayCacheError(
                .usage,
                "no checkpoint of \(run) has a value for the metric \(DisplayText.quoted(metric))",
                hint: known.isEmpty
                    ? "publish metrics with --metric NAME=VALUE" : "there is: \(known.joined(separator: ", "))",
                subject: metric
            )
        }
        return found.row
    }

    private func only(_ found: [CheckpointRow], _ what: String, _ rows: [CheckpointRow]) throws -> CheckpointRow {
        guard let row = found.first else { throw unknown("with \(what)", rows) }
        guard found.count == 1 else {
            let names = found.map { "\(run)@\($0.name) (\($0.identity.short))" }.joined(separator: ", ")
            throw ReplayCacheError(
                .usage,
                "\(found.count) checkpoints of \(run) have \(what)",
                hint: "choose one by name: \(names)"
            )
        }
        return row
    }

    private func unknown(_ what: String, _ rows: [CheckpointRow]) -> ReplayCacheError {
        let near = rows.prefix(5).map { $0.step.map { step in "\(step)" } ?? $0.name }.joined(separator: ", ")
        return ReplayCacheError(
            .usage,
            "run \(run) has no checkpoint \(what)",
            hint: "the newest are: \(near)",
            subject: run
        )
    }
}
