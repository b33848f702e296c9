import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Pods that fetch one share each together fetch everything once.
struct ShardedFetchTests {
    private let scratch: Scratch
    private let laptop: Laptop
    private let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
        for number in 0..<60 { try laptop.write("game \(number)", to: "\(number % 4)/\(number).txt") }
        // The same content under other paths.
        for number in 0..<6 { try laptop.write("game \(number)", to: "copies/\(number).txt") }
        try await laptop.push(to: place)
    }

    private func pods(_ count: Int, limit: Int? = nil) async throws -> [Laptop] {
        var pods: [Laptop] = []
        for index in 1...count {
            let pod = try await Laptop("pod \(index) of \(count) \(limit ?? 0)", in: scratch)
            let summary = try await pod.fetch(from: place) {
                $0.shard = try Shard(index, of: count)
                $0.selection.limit = limit
            }
            #expect(summary.filesPlaced == (try pod.files().count))
            #expect(summary.filesInStep == 0)
            let again = try await pod.fetch(from: place) {
                $0.shard = try Shard(index, of: count)
                $0.selection.limit = limit
            }
            #expect(again.filesPlaced == 0)
            #expect(again.filesInStep == (try pod.files().count))
            pods.append(pod)
        }
        return pods
    }

    @Test(arguments: [1, 2, 3, 5])
    func sharesAreDisjointAndMakeTheWhole(_ count: Int) async throws {
        let pods = try await pods(count)
        let files = try pods.flatMap { try $0.files() }
        #expect(files.sorted() == (try laptop.files()))
        // All paths of a content are in one share.
        let texts = try pods.map { pod in Set(try pod.files().compactMap { pod.text($0) }) }
        #expect(texts.reduce(0) { $0 + $1.count } == 60)
    }

    @Test
    func aLimitIsOfTheSelectionAndNotOfTheShare() async throws {
        let pods = try await pods(3, limit: 20)
        let files = try pods.flatMap { try $0.files() }
        #expect(files.sorted() == Array(try laptop.files().prefix(20)))
    }

    @Test
    func aShareStaysWhenTheSelectionGrows() async throws {
        let before = try await pods(4).map { try $0.files() }
        for number in 60..<90 { try laptop.write("game \(number)", to: "new/\(number).txt") }
        try await laptop.push(to: place)
        for (index, files) in before.enumerated() {
            let pod = try await Laptop("later pod \(index)", in: scratch)
            try await pod.fetch(from: place) { $0.shard = try Shard(index + 1, of: 4) }
            #expect(try pod.files().filter { !$0.hasPrefix("new/") } == files)
        }
    }

    @Test
    func aShareHearsOfTheDeletionsOfItsOwnAlone() async throws {
        // One folder that has taken both shares.
        let pod = try await Laptop("pod", in: scratch)
        for index in 1...2 { try await pod.fetch(from: place) { $0.shard = try Shard(index, of: 2) } }
        let entries = try await pod.entries(at: place)
        #expect(try pod.files().count == entries.count)
        try await laptop.commit(entries.map { .del(.init(path: $0.key, was: $0.value)) }, to: place)
        for index in 1...2 {
            let shard = try Shard(index, of: 2)
            let summary = try await pod.fetch(from: place) { $0.shard = shard }
            #expect(summary.deletedElsewhere == entries.values.filter { shard.contains($0) }.count)
            #expect((1..<entries.count).contains(summary.deletedElsewhere))
        }
    }

    @Test
    func aDryRunReckonsTheShareAlone() async throws {
        let pod = try await Laptop("pod", in: scratch)
        func fetch(isDryRun: Bool) async throws -> SyncSummary {
            try await pod.fetch(from: place) {
                $0.shard = try Shard(2, of: 3)
                $0.isDryRun = isDryRun
            }
        }
        let plan = try #require(try await fetch(isDryRun: true).plan?.fetch)
        let summary = try await fetch(isDryRun: false)
        #expect(plan.files == summary.filesPlaced)
        #expect(plan.requests == summary.requests)
    }
}
