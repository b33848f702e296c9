import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Which checkpoint a reference means.
struct CheckpointReferenceTests {
    private static func row(
        _ name: String,
        step: Int64?,
        _ metrics: [String: Double] = [:],
        committed: Int64 = 0
    ) throws -> CheckpointRow {
        CheckpointRow(
            identity: try Digest.of(Array("\(name) \(step ?? -1) \(committed)".utf8)),
            run: "fox",
            name: name,
            step: step,
            committedAt: "",
            host: "",
            metrics: metrics.mapValues(Metric.init),
            size: 0,
            files: [],
            committedMilliseconds: committed
        )
    }

    /// Newest first.
    private static func rows() throws -> [CheckpointRow] {
        [
            try row("e", step: 500, ["val_loss": .nan, "score": .nan]),
            try row("d", step: 400, ["val_loss": 0.4, "score": 9, "wer_error": 0.1]),
            try row("c", step: 300, ["val_loss": 0.2, "score": 7, "wer_error": 0.5]),
            try row("b", step: 300, ["val_loss": 0.3, "score": -.infinity]),
            try row("a", step: nil, ["score": 11]),
        ]
    }

    @Test(
        arguments: [
            ("fox", "e"), ("fox@latest", "e"), ("fox@400", "d"), ("fox@a", "a"), ("fox@best:val_loss", "c"),
            ("fox@best:val_loss:max", "d"), ("fox@best:score", "a"), ("fox@best:score:min", "b"),
            ("fox@best:wer_error", "d"),
        ]
    )
    func aReferenceMeansOneCheckpoint(_ text: String, _ name: String) throws {
        #expect(try CheckpointReference(text).resolve(Self.rows()).name == name)
    }

    @Test
    func checkpointsWithoutAStepStandAfterTheStepsBeforeThem() throws {
        let steps: [(String, Int64?)] = [
            ("a", nil), ("b", 300), ("c", nil), ("d", 200), ("e", nil), ("f", 400), ("g", 400),
        ]
        let committed = try steps.enumerated().map { try Self.row($1.0, step: $1.1, committed: Int64($0)) }
        #expect(PlaceStore.newestFirst(committed).map(\.name) == ["g", "f", "e", "c", "b", "d", "a"])
    }

    @Test
    func theNewestOfANameIsMeant() throws {
        let rows = [try Self.row("latest", step: 2, committed: 2), try Self.row("latest", step: 1, committed: 1)]
        #expect(try CheckpointReference("fox@latest").resolve(rows).step == 2)
        let named = [try Self.row("best", step: 9), try Self.row("best", step: 3)]
        #expect(try CheckpointReference("fox@best:x").choice == .best(metric: "x", nil))
        #expect(try named[0] == CheckpointReference("fox@9").resolve(named))
    }

    private func refusal(_ text: String) -> ReplayCacheError? {
        do {
            _ = try CheckpointReference(text).resolve(Self.rows())
            return nil
        } catch {
            return error as? ReplayCacheError
        }
    }

    @Test(arguments: [
        "", "@latest", "fox@", "a/b", "..", "fox@best", "fox@best:", "fox@best:loss:up", "fox@best:a:min:b",
    ])
    func aTextThatIsNoReferenceIsRefused(_ text: String) { #expect(refusal(text)?.code == .usage) }

    @Test
    func whatIsNotThereSuggestsWhatIs() {
        #expect(refusal("fox@450")?.hint?.contains("500, 400, 300") == true)
        #expect(refusal("fox@nobody")?.hint?.contains("400") == true)
        #expect(refusal("fox@best:accuracy")?.hint?.contains("val_loss") == true)
    }

    @Test
    func aStepThatSeveralHaveIsNotGuessed() throws {
        let error = try #require(refusal("fox@300"))
        #expect(error.code == .usage)
        #expect(error.hint?.contains("fox@c") == true && error.hint?.contains("fox@b") == true)
    }

    @Test
    func aMetricThatIsNowhereANumberHasNoBest() throws {
        let rows = [try Self.row("a", step: 1, ["x": .nan])]
        #expect(throws: ReplayCacheError.self) { try CheckpointReference("fox@best:x").resolve(rows) }
    }
}
