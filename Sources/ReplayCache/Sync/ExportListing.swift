/// Compares the plan of an export with what is in a bucket: one listing of the stretch that the plan is about.
///
/// A listing tells the size of an object, when it was stored and mostly the MD5 of its bytes, and not the time of the file.
/// So an object is taken for an entry when it has the size and was stored after the entry last changed; one of the same
/// size that is older, or all with `isParanoid`, are compared by their MD5 when the content is at hand.
struct ExportListing {
    let bucket: PlainBucket
    let store: PlaceStore
    let isParanoid: Bool

    /// Repositories that may lie beside what is exported.
    private static let maximumRepositories = 1000

    /// Ends a listing early.
    private struct End: Error {}

    /// What was found.
    struct Outcome {
        var filesInStep = 0
        /// Prefixes of repositories that the plan may reach into.
        var repositories: Set<String> = []
    }

    func run() async throws -> Outcome {
        var outcome = Outcome()
        guard let names = try await store.namesInExport() else { return outcome }
        let (first, last) = Self.bounds(names)
        // Whatever begins with a text comes after it.
        let before = String(first.dropLast())
        do {
            try await bucket.list(after: before.isEmpty ? nil : bucket.key(before)) { page in
                try Task.checkCancellation()
                for item in page where item.name.hasSuffix("/\(Manifest.key)") {
                    outcome.repositories.insert(String(item.name.dropLast(Manifest.key.string.count)))
                }
                guard outcome.repositories.count <= Self.maximumRepositories else { throw Self.tooMany }
                try await store.note(page)
                if let end = page.last?.name, last.utf8.lexicographicallyPrecedes(end.utf8) { throw End() }
            }
        } catch is End {}
        if !isParanoid { outcome.filesInStep = try await store.settleListed() }
        return outcome
    }

    /// From the first to the last name of the plan, and of the marks of repositories that it might reach into.
    private static func bounds(_ names: PlaceStore.ExportNames) -> (first: String, last: String) {
        func marks(_ name: String) -> [String] {
            var folder = ""
            return name.split(separator: "/").dropLast().map { component in
                folder += "\(component)/"
                return folder + Manifest.key.string
            }
        }
        func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
        return (
            (marks(names.first) + [names.first]).min(by: precedes) ?? names.first,
            (marks(names.last) + [names.last]).max(by: precedes) ?? names.last
        )
    }

    private static let tooMany = ReplayCacheError(
        .usage,
        "more than 1,000 repositories lie below the destination",
        hint: "choose another prefix"
    )
}

extension PlaceStore {
    /// The first and the last name at the destination.
    struct ExportNames: Sendable {
        let first: String
        let last: String
    }

    /// The names that the plan is about; nil when it is empty.
    ///
    /// Prepares for ``note(_:)``.
    func namesInExport() throws -> ExportNames? {
        try database.execute("CREATE INDEX temp.fetch_plan_local ON fetch_plan (local)")
        let names = try database.all("SELECT min(local), max(local) FROM temp.fetch_plan", []) { row in
            row.isNull(0) ? nil : ExportNames(first: row.text(0), last: row.text(1))
        }
        return names.first ?? nil
    }

    /// Remembers in the plan what stands under its names: size and time of storing as those of a file, the ETag as its
    /// source.
    func note(_ items: [PlainItem]) throws {
        try database.transaction {
            for item in items {
                try database.run(
                    """
                    UPDATE temp.fetch_plan
                    SET device = 0, inode = 0, known_size = ?, known_mtime = ?, known_ctime = 0, source = ?
                    WHERE local = ?
                    """,
                    .integer(item.byteCount),
                    .integer(item.modified.nanoseconds),
                    SQLiteValue(item.hasContentETag ? item.etag?.lowercased() : nil),
                    .text(item.name)
                )
            }
        }
    }

    /// Takes out of the plan what stands there with the size of its entry, stored after that last changed; returns how many.
    func settleListed() throws -> Int {
        try database.run(
            """
            DELETE FROM temp.fetch_plan WHERE known_size = size AND known_mtime >= (
                SELECT s.hlc * 1000000 FROM main.entry e JOIN main.segment s ON s.id = e.segment
                WHERE e.path = fetch_plan.path)
            """
        )
    }
}
