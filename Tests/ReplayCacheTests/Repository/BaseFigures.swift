import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// What bases weigh and how long they take.
///
/// `REPLAYCACHE_FIGURES=1000000 swift test -c release --filter BaseFigures` prints
/// it for a million entries; the suite looks at a few thousand.
struct BaseFigures {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test
    func anEntryTakesAboutSeventyBytes() async throws {
        let count = Machine.environment("REPLAYCACHE_FIGURES").flatMap { Int($0) } ?? 5000
        let place = try scratch.place()
        let laptop = try await Laptop("laptop", in: scratch)
        try laptop.write("one", to: "one.txt")
        try await laptop.push(to: place)
        let repository = try await laptop.repository(at: place)
        try await repository.store.fill(count: count)
        let clock = ContinuousClock()
        var peak = Self.peak()
        let compacting = try await clock.measure { try await repository.compact() }
        let base = try #require(try await repository.store.knownBase()?.base)
        let compactingPeak = Self.peak() - peak
        peak = Self.peak()
        let home = scratch.at("pod")
        let catalog = try Catalog(home: home)
        let remote = MeteredRemote(try await RemoteOpening(place: place, home: home, settings: RemoteSettings()).open())
        let reader = BaseReader(place: place, remote: remote, catalog: catalog)
        var taken = BaseReader.Taken()
        let taking = try await clock.measure { taken = try await reader.take(BaseReader.list(remote).bases) }
        let path = scratch.at("plain.sqlite")
        let folder = try OpenFile.directory(scratch.path)
        let unpacked = try folder.creating("plain.sqlite")
        let bringing = try await clock.measure { try await BaseFile.bring(base, from: remote, into: unpacked) }
        let checking = try clock.measure { try BaseFile.check(path, key: base.key) }
        let store = try #require(taken.store)
        let querying = try await clock.measure {
            _ = try await store.replays(Selection(), .count, limit: .max, notIn: [])
        }
        let fox = Selection(characters: try Selection.characters(named: ["fox"]))
        let selecting = try await clock.measure { _ = try await store.replays(fox, .count, limit: .max, notIn: []) }
        let bytes = Double(base.byteCount) / Double(count)
        if count > 5000 {
            print(
                """
                \(count) entries: \(base.byteCount) bytes, \(bytes) an entry, database \(try Tree.status(path).size)
                compacting \(compacting), peak grew by \(compactingPeak) KB to \(Self.peak()) KB (before taking \(peak))
                taking \(taking), of which unpacking \(bringing), checking \(checking)
                counting all \(querying), fox \(selecting)
                """
            )
        }
        #expect(bytes < 90)
        #expect(try await store.paths().count == count)
    }

    /// The most memory this process had, in KB.
    private static func peak() -> Int {
        let status = Tree.text("/proc/self/status") ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") } ?? ""
        return Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
    }
}

extension PlaceStore {
    fileprivate func fill(count: Int) throws {
        try database.execute("DELETE FROM entry; DELETE FROM segment; DELETE FROM content; DELETE FROM sqlite_sequence")
        try SyntheticPlace.fill(database, count: count)
    }
}
