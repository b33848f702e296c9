import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Shares of all contents: disjoint, even, and the same whoever asks.
struct ShardTests {
    private static let digests: [Digest] = (0..<20_000).compactMap { try? Digest.of(Array("content \($0)".utf8)) }

    @Test(arguments: [1, 2, 3, 7, 64, 1000])
    func everyContentIsInOneShareAndSharesAreEven(_ count: Int) throws {
        let shards = try (1...count).map { try Shard($0, of: count) }
        var sizes = [Int](repeating: 0, count: count)
        for digest in Self.digests {
            let owners = shards.indices.filter { shards[$0].contains(digest) }
            #expect(owners.count == 1)
            for owner in owners { sizes[owner] += 1 }
        }
        // Six standard deviations of a binomial distribution: one in 10^9 for each share, and the digests are fixed.
        let share = 1 / Double(count)
        let mean = Double(Self.digests.count) * share
        let bound = 6 * (mean * (1 - share)).squareRoot()
        for size in sizes { #expect(abs(Double(size) - mean) <= bound, "\(size) of \(mean)") }
    }

    @Test
    func theDatabaseDecidesAsTheTypeDoes() throws {
        let database = try Database(path: ":memory:")
        for digest in Self.digests.prefix(500) {
            for count in [1, 3, 10_000] {
                let values: [SQLiteValue] = [.blob(digest.bytes), .integer(Int64(count))]
                let share = try #require(try database.first("SELECT shard_of(?, ?)", values) { $0.int(0) })
                #expect(try Shard(share + 1, of: count).contains(digest))
            }
        }
        // What is no digest is in no share, rather than in a wrong one.
        let none: [[SQLiteValue]] = [[.null, 3], [.blob([1, 2]), 3], [.blob(Self.digests[0].bytes), 0]]
        for values in none {
            #expect(try database.first("SELECT shard_of(?, ?)", values) { $0.isNull(0) } == true)
        }
    }

    @Test
    func theFirstEightBytesDecide() throws {
        let digest = try #require(Digest(bytes: [0, 0, 0, 0, 0, 0, 1, 2] + [UInt8](repeating: 9, count: 24)))
        #expect(try Shard(258 % 7 + 1, of: 7).contains(digest))
    }

    @Test(arguments: [
        "0/3", "4/3", "1/10001", "1/0", "-1/3", "1", "1/2/3", "a/3", "1/", "/3", "", " 1/3", "+1/3", "１/3",
    ])
    func whatIsNoShareIsRefused(_ text: String) {
        #expect { try Shard(text) } throws: { ($0 as? ReplayCacheError)?.code == .usage }
    }

    @Test
    func sharesAreReadAsPeopleCountThem() throws {
        #expect(try Shard("2/4") == Shard(2, of: 4))
        #expect(try Shard("10000/10000").index == 10_000)
    }
}

/// The kind of a file is its extension.
struct FileKindTests {
    @Test(arguments: [
        ("replays/a.slp", "slp"), ("a.SLP", "slp"), ("a.tar.gz", "gz"), ("plain", ""), ("folder.d/plain", ""),
        (".hidden", ""), ("folder/.hidden", ""), ("folder/.hidden.txt", "txt"), ("dot.", ""),
        ("a.extensionthatistoolong", ""), ("", ""), ("é.ÉX", "Éx"),
    ])
    func isTheExtension(_ path: String, _ kind: String) throws {
        #expect(FileKind.of(Array(path.utf8).span) == kind)
        let database = try Database(path: ":memory:")
        #expect(try database.first("SELECT file_kind(?)", [.text(path)]) { $0.text(0) } == kind)
    }
}
