import ReplayCacheTestSupport

@testable import ReplayCache

extension Laptop {
    @discardableResult
    func freeze(
        _ name: String,
        at place: Place,
        _ selection: Selection = Selection()
    ) async throws -> DatasetRow? {
        try await workspace.freezeDataset(at: place, options: FreezeOptions(name: name, selection: selection)).dataset
    }

    func datasets(at place: Place) async throws -> [DatasetRow] {
        try await workspace.datasets(at: place).datasets
    }

    func writeFiles(_ names: [String]) throws {
        for name in names { try write("first \(name)", to: name) }
    }

    func remove(_ path: String, at place: Place) async throws {
        var options = RemoveOptions(paths: [try LogicalPath(path)])
        options.maximum = 100
        _ = try await workspace.remove(at: place, options: options)
    }

    /// Names a list that was not made by this program.
    func plantList(_ bytes: [UInt8], files: Int, named name: String, at depot: Depot) async throws {
        let key = try depot.plantObject(bytes, hoursAgo: 1)
        let size = Int64(bytes.count)
        try await commit(
            [
                .obj(.init(sha256: key.digest, size: size, key: key.remoteKey.string, encodedSize: size)),
                .dataset(.init(name: name, sha256: key.digest, size: size, files: Int64(files), bytes: 0)),
            ],
            to: depot.place
        )
    }
}

extension Selection {
    static func of(dataset: String) -> Selection {
        var selection = Selection()
        selection.dataset = dataset
        return selection
    }
}

extension Scratch {
    /// A collector to whose eyes the place is `days` later than it says, with a catalog of its own.
    @discardableResult
    func collect(_ place: Place, days: Double) async throws -> GarbageTotals {
        let name = "collector-\(UInt64.random(in: 0 ... .max))"
        let collector = try await Laptop(name, in: self, transfer: ActingRemote.later(days: days))
        var options = GarbageOptions()
        options.insists = true
        return try await collector.workspace.collectGarbage(at: place, options: options).garbage ?? GarbageTotals()
    }
}
