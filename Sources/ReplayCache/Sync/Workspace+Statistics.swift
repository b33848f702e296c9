extension Workspace {
    /// Counts the replays of a selection by what they have in common, the largest group first.
    ///
    /// One pass over the selection; memory grows with the number of groups.
    public func groups(
        _ selection: Selection,
        by fields: [GroupField],
        in scope: QueryScope = .everything
    ) async throws -> [GroupRow] {
        try await wrapping("counting replays") {
            let (scope, selection) = try await open(scope, selection)
            let pass = GroupingPass(selection: selection, groupings: [fields])
            let groups = try await pass.run(scope, context.catalog).groups[0]
            return groups.map { names, sum in
                GroupRow(
                    keys: Array(zip(fields, names).map { (field: $0, value: $1) }),
                    replays: sum.replays,
                    bytes: sum.bytes,
                    hours: Self.hours(sum.frames)
                )
            }.sorted { left, right in
                guard left.replays == right.replays else { return left.replays > right.replays }
                return left.keys.map { $0.value ?? "" }.lexicographicallyPrecedes(right.keys.map { $0.value ?? "" })
            }
        }
    }

    /// The overview of a collection.
    public func statistics(
        _ selection: Selection = Selection(),
        in scope: QueryScope = .everything
    ) async throws -> CollectionStats {
        try await wrapping("counting replays") {
            let isOfAll = selection == Selection()
            let (scope, selection) = try await open(scope, selection)
            let fields: [GroupField] = [.character, .stage, .version, .platform]
            var pass = GroupingPass(selection: selection, groupings: fields.map { [$0] })
            pass.includesOthers = isOfAll
            pass.isOverview = true
            let result = try await pass.run(scope, context.catalog)
            let overview = result.overview
            let isStored = overview.bytesStored > 0
            return CollectionStats(
                replays: overview.replays,
                otherFiles: isOfAll ? overview.otherFiles : nil,
                otherBytes: isOfAll ? overview.otherBytes : nil,
                bytes: overview.bytes,
                bytesStored: overview.bytesStored,
                bytesOfContents: isStored ? overview.bytesOfContents : 0,
                hours: Self.hours(overview.frames),
                firstStartedAt: overview.first.flatMap(Self.time),
                lastStartedAt: overview.last.flatMap(Self.time),
                copies: overview.copies,
                bytesCopied: overview.bytesCopied,
                incomplete: overview.incomplete,
                problems: Self.shares(overview.problems.map { ($0.key, $0.value) }),
                characters: Self.shares(result.groups[0].map { ($0.key[0], $0.value.replays) }),
                stages: Self.shares(result.groups[1].map { ($0.key[0], $0.value.replays) }),
                versions: Self.shares(result.groups[2].map { ($0.key[0], $0.value.replays) }),
                platforms: Self.shares(result.groups[3].map { ($0.key[0], $0.value.replays) })
            )
        }
    }

    private static func shares(_ counts: [(name: String?, replays: Int)]) -> [CollectionStats.Share] {
        counts.map { CollectionStats.Share(name: $0.name, replays: $0.replays) }.sorted { left, right in
            left.replays == right.replays ? (left.name ?? "") < (right.name ?? "") : left.replays > right.replays
        }
    }

    private static func hours(_ frames: Int64) -> Double { Double(frames) / 60 / 3600 }

    private static func time(_ seconds: Int64) -> String? {
        guard (-62_000_000_000...253_402_300_799).contains(seconds) else { return nil }
        return Timestamp(milliseconds: seconds * 1000).rfc3339
    }
}
