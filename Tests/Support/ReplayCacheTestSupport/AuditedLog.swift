internal import ReplayCache

/// What the newest base and the segments that it does not cover say together, by the words of `docs/format.md`, "Merge".
struct AuditedLog {
    /// What a reader sees.
    struct State {
        /// The digest of each visible path.
        var entries: [String: Digest] = [:]
        /// Where each content is stored.
        var keys: [Digest: String] = [:]
        /// The contents of paths and of checkpoints, and the lists of datasets.
        var needed: Set<Digest> = []
    }

    private var operations: [(stamp: Stamp, operation: Operation)] = []
    private var covered: Set<String> = []
    private var checkpointed: Set<Digest> = []

    /// Adds a segment; one that a base covers, which comes first, says nothing new.
    mutating func add(_ segment: Segment, _ key: SegmentKey) {
        let name = key.remoteKey.string
        guard !covered.contains(name) else { return }
        for (line, operation) in segment.operations.enumerated() {
            operations.append((Stamp(hlc: key.hlc, segment: name, line: line + 1), operation))
        }
    }

    /// Adds a base: its rows are operations with the stamps of those that made them.
    mutating func add(base bytes: [UInt8]) throws {
        var plain: [UInt8] = []
        let decompressor = try ZstdDecompressor(maximumWindowLog: 23)
        try decompressor.decompress(bytes.span) { piece in
            for index in piece.indices { plain.append(piece[index]) }
        }
        try decompressor.finish()
        let scratch = try Scratch(below: Scratch.memory)
        try Tree.write(plain, to: scratch.at("base.sqlite"))
        let database = try Database(path: scratch.at("base.sqlite"), mode: .readOnly)
        covered = Set(try database.all("SELECT key FROM segment") { $0.text(0) })
        operations += try Self.contents(database) + Self.versions(database)
        checkpointed = Set(
            try database.all(
                """
                SELECT c.digest FROM checkpoint_file f JOIN content c ON c.id = f.content
                UNION ALL SELECT c.digest FROM dataset d JOIN content c ON c.id = d.list
                """
            ) { row in
                row.digest(0)
            }.compactMap(\.self)
        )
    }

    private static func contents(_ database: Database) throws -> [(stamp: Stamp, operation: Operation)] {
        try database.all(
            """
            SELECT c.digest, c.generation, c.encoding, c.size, c.encoded_size, s.hlc, s.key, c.line
            FROM content c JOIN segment s ON s.id = c.segment WHERE c.encoding IS NOT NULL
            """
        ) { row -> (stamp: Stamp, operation: Operation)? in
            guard let digest = row.digest(0) else { return nil }
            let generation = row.int(1) == 0 ? "" : ".\(row.int(1))"
            let key = "objects/\(digest.hex.prefix(2))/\(digest.hex)\(generation).\(row.text(2))"
            let object = Operation.Obj(sha256: digest, size: row.int64(3), key: key, encodedSize: row.int64(4))
            return (stamp(row), .obj(object))
        }.compactMap(\.self)
    }

    private static func versions(_ database: Database) throws -> [(stamp: Stamp, operation: Operation)] {
        try ["entry", "history"].flatMap { table in
            try database.all(
                """
                SELECT c.digest, w.digest, v.path, coalesce(v.mtime, 0), coalesce(c.size, 0), s.hlc, s.key, v.line
                FROM \(table) v JOIN segment s ON s.id = v.segment LEFT JOIN content c ON c.id = v.content
                LEFT JOIN content w ON w.id = v.was
                """
            ) { row -> (stamp: Stamp, operation: Operation)? in
                let (path, was) = (row.text(2), row.digest(1))
                if let digest = row.digest(0) {
                    let put = Operation.Put(
                        path: path,
                        sha256: digest,
                        was: was,
                        size: row.int64(4),
                        mtime: row.int64(3)
                    )
                    return (stamp(row), .put(put))
                }
                return was.map { (stamp(row), .del(.init(path: path, was: $0))) }
            }.compactMap(\.self)
        }
    }

    /// From columns 5 to 7.
    private static func stamp(_ row: borrowing Row) -> Stamp {
        Stamp(hlc: HLC(milliseconds: row.int64(5)), segment: row.text(6), line: row.int(7))
    }

    /// Of each path the newest put, unless a newer del names its content; of each content the newest key.
    func merged() -> State {
        var state = State()
        state.needed = checkpointed
        var hidden: [String: Set<Digest>] = [:]
        var decided: Set<String> = []
        for (_, operation) in operations.sorted(by: { $0.stamp > $1.stamp }) {
            switch operation {
            case .obj(let object) where state.keys[object.sha256] == nil: state.keys[object.sha256] = object.key
            case .del(let del): hidden[del.path, default: []].insert(del.was)
            case .put(let put) where put.was != put.sha256 && decided.insert(put.path).inserted:
                if hidden[put.path]?.contains(put.sha256) != true { state.entries[put.path] = put.sha256 }
            case .ckpt(let checkpoint): state.needed.formUnion(checkpoint.files.map(\.sha256))
            case .dataset(let dataset): state.needed.insert(dataset.sha256)
            default: break
            }
        }
        state.needed.formUnion(state.entries.values)
        return state
    }
}
