import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What is told of the versions of a path.
struct HistoryTests {
    private let scratch: Scratch
    private let mine: Laptop
    private let theirs: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        mine = try await Laptop("mine", in: scratch)
        theirs = try await Laptop("theirs", in: scratch)
        place = try scratch.place()
    }

    private func digest(_ text: String) throws -> Digest { try Digest.of(Array(text.utf8)) }

    private func history(_ path: String = SyncRule.path) async throws -> [VersionRow] {
        try await mine.workspace.history(of: LogicalPath(path), at: place).versions
    }

    @Test
    func versionsAreToldNewestFirst() async throws {
        try await mine.publish("one", to: place)
        try await mine.publish("two", to: place)
        try Tree.remove(mine.at(SyncRule.file))
        try mine.write("stays", to: "stays.txt")
        try await mine.push(to: place) { $0.deletion = DeletionOptions(maximum: 1) }
        try await mine.publish("three", to: place)
        let rows = try await history()
        #expect(rows.map(\.change) == [.added, .deleted, .replaced, .added])
        #expect(rows.map(\.sha256) == [try digest("three"), try digest("two"), try digest("two"), try digest("one")])
        #expect(rows.map(\.size) == [5, nil, 3, 3])
        #expect(rows.map(\.isCurrent) == [true, false, false, false])
        #expect(rows.map(\.isRestorable) == [true, false, true, true])
        #expect(rows.map { $0.restorableUntil == nil } == [true, true, false, false])
        #expect(rows.map(\.stamp) == rows.map(\.stamp).sorted(by: >))
        #expect(rows.allSatisfy { !$0.host.isEmpty })
    }

    @Test
    func theLoserOfAConcurrentChangeIsToldAndListedByStatus() async throws {
        try await mine.publish("old", to: place)
        try await theirs.fetch(from: place)
        try await mine.publish("mine", to: place)
        try await theirs.publishUnaware("theirs", insteadOf: "old", to: place)
        #expect(try await history().map(\.change) == [.replaced, .lost, .added])
        let status = try await theirs.workspace.status(theirs.folder, at: place, path: LogicalPath("replays"))
        #expect(status.changesLost == 1)
        #expect(theirs.told(.lost) == [SyncRule.path])
        // Whoever takes it up settles it.
        try await mine.push(to: place) { $0.isForced = true }
        let settled = try await theirs.workspace.status(theirs.folder, at: place, path: LogicalPath("replays"))
        #expect(settled.changesLost == 0)
        #expect(try await history().map(\.change) == [.replaced, .replaced, .lost, .added])
    }

    @Test
    func twoNewFilesOfOneNameAreAConflictToo() async throws {
        try await mine.publish("mine", to: place)
        try await theirs.publishUnaware("theirs", insteadOf: nil, to: place)
        #expect(try await history().map(\.change) == [.replaced, .lost])
        let store = try await mine.repository(at: place).store
        #expect(try await store.recentLosers(below: LogicalPath("replays")).map(\.content) == [try digest("mine")])
        #expect(try await store.recentLosers(below: LogicalPath("replays/falco")) == [])
        #expect(
            try await store.concurrentLosers(below: LogicalPath("replays"), since: .init(milliseconds: .max), limit: 9)
                == []
        )
    }

    @Test
    func whatWasReplacedOneAfterTheOtherIsNoConflict() async throws {
        for text in ["one", "two", "one", "three", "one"] { try await mine.publish(text, to: place) }
        #expect(try await history().map(\.change) == [.replaced, .replaced, .replaced, .replaced, .added])
        try await mine.unpublish("one", at: place)
        try await theirs.publishUnaware("theirs", insteadOf: nil, to: place)
        #expect(try await history().first?.change == .added)
        let store = try await mine.repository(at: place).store
        #expect(try await store.recentLosers(below: LogicalPath("replays")) == [])
    }

    @Test
    func aDeletionOfWhatIsNotThereAnyMoreChangesNothing() async throws {
        try await mine.publish("old", to: place)
        try await mine.publish("new", to: place)
        try await theirs.unpublish("old", at: place)
        let rows = try await history()
        #expect(rows.map(\.change) == [.lost, .replaced, .added])
        #expect(rows.map(\.isCurrent) == [false, true, false])
    }

    @Test
    func whatAVersionWasAtAMomentFollowsTheMergeRules() throws {
        func version(_ time: Int64, _ content: String?, was: String?) throws -> PlaceStore.PathVersion {
            PlaceStore.PathVersion(
                stamp: Stamp(hlc: HLC(milliseconds: time), segment: "\(time)", line: 1),
                host: "h",
                content: try content.map(digest),
                was: try was.map(digest),
                size: 1,
                mtime: 0,
                isStored: true,
                isReferenced: false
            )
        }
        let history = PathHistory(
            path: try LogicalPath("replays/a"),
            versions: [
                try version(10, "a", was: nil), try version(20, "b", was: "a"), try version(30, nil, was: "a"),
                try version(40, nil, was: "b"), try version(50, "c", was: nil), try version(60, nil, was: "c"),
            ]
        )
        let at = { (time: Int64) in history.version(at: HLC(milliseconds: time))?.content }
        #expect(at(9) == nil)
        #expect(at(10) == (try digest("a")))
        #expect(at(35) == (try digest("b")))
        #expect(at(45) == nil)
        #expect(at(55) == (try digest("c")))
        #expect(at(60) == nil)
        #expect(history.current == nil)
        #expect(history.previous?.content == (try digest("c")))
    }

    @Test
    func aVersionThatNothingNeedsIsRestorableForThirtyDays() async throws {
        try await mine.publish("one", to: place)
        try await mine.publish("two", to: place)
        let versions = try await mine.repository(at: place).store.versions(of: LogicalPath(SyncRule.path))
        let history = PathHistory(path: try LogicalPath(SyncRule.path), versions: versions)
        let replaced = versions[1].stamp.hlc.milliseconds
        let day: Int64 = 86_400_000
        #expect(history.rows(now: Timestamp(milliseconds: replaced + 29 * day))[1].isRestorable)
        #expect(!history.rows(now: Timestamp(milliseconds: replaced + 31 * day))[1].isRestorable)
        #expect(history.rows(now: Timestamp(milliseconds: replaced + 31 * day))[0].isRestorable)
    }

    @Test(arguments: ["replays/fox", "replays/nothing.slp"])
    func aPathWithoutVersionsIsNamed(_ path: String) async throws {
        try await mine.publish("one", to: place)
        await #expect {
            _ = try await history(path)
        } throws: { ($0 as? ReplayCacheError)?.code == .usage }
    }

    // MARK: Moments

    @Test(arguments: [
        ("2026-11-24", Moment.fixed(1_795_478_400_000)), ("2026-11-24T15:00:00Z", .fixed(1_795_532_400_000)),
        ("2026-11-24T15:00:00.250Z", .fixed(1_795_532_400_250)),
        ("2026-11-24T15:00:00+01:30", .fixed(1_795_527_000_000)),
        ("2026-11-24T15:00:00-00:30", .fixed(1_795_534_200_000)), ("10m", .ago(600_000)), ("2h ago", .ago(7_200_000)),
        ("3d", .ago(259_200_000)), ("1w", .ago(604_800_000)), ("30s", .ago(30_000)),
    ])
    func aMomentIsRead(_ text: String, _ moment: Moment) {
        #expect(Moment(text) == moment)
    }

    @Test(arguments: [
        "", "h", "2", "-2h", "2 fortnights", "2026-13-01", "2026-02-30", "2026-11-24T25:00:00Z", "yesterday",
        "2026-11-24T15:00:00", "2026-11-24T15:00:00+99:00", "99999999h", "１h",
    ])
    func whatIsNoMomentIsNotTakenForOne(_ text: String) {
        #expect(Moment(text) == nil)
    }

    @Test
    func aNameMayContainTheSignOfAMoment() throws {
        #expect(try PathAtMoment("replays/a@2h").moment == .ago(7_200_000))
        #expect(try PathAtMoment("replays/a/@2h").path.string == "replays/a")
        #expect(try PathAtMoment("replays/me@home.slp").path.string == "replays/me@home.slp")
        #expect(try PathAtMoment("replays/me@home.slp@1d").path.string == "replays/me@home.slp")
    }
}
