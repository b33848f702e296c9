/// Tells how much of what checkpoints hold is stored once for several of them: whole files, and parts of large ones
/// (`docs/format.md`, "Recipes").
struct Sharing {
    let context: SyncContext
    let repository: Repository

    /// Recipes read at once: one may have 64 MiB.
    private static let recipeWidth = 4
    private static let pageCount = 256

    func run(into summary: inout SyncSummary, _ body: @Sendable (SharingRow) throws -> Void) async throws {
        let store = repository.store
        guard try await store.beginSharing() else { return }
        var page: ArraySlice<PlaceStore.CheckpointContent> = []
        var last: Int64 = 0
        var counts = summary
        context.progress.begin("reading recipes")
        try await forEachConcurrently(
            width: Self.recipeWidth,
            next: {
                if page.isEmpty {
                    page = try await store.checkpointRecipes(after: last, limit: Self.pageCount)[...]
                    last = page.last?.content ?? last
                }
                return page.popFirst()
            },
            work: { content in (content, await read(content)) },
            collect: { content, recipe in
                switch recipe {
                case .success(let recipe): try await store.addSharedParts(of: recipe, content: content.content)
                case .failure(let error as ReplayCacheError) where error.code == .integrity:
                    counts.filesFailed += 1
                    context.report(.failed(path: content.path, reason: error.message))
                case .failure(let error): throw error
                }
                context.progress.advance(items: 1)
            }
        )
        summary = counts
        for row in try await store.sharing() { try body(row) }
    }

    private func read(_ content: PlaceStore.CheckpointContent) async -> Result<Recipe, any Error> {
        let reader = ObjectReader(repository: repository, progress: Progress())
        return await .catching {
            guard let object = try await repository.store.object(of: content.digest) else {
                throw ReplayCacheError(.integrity, "the repository names no object for it", subject: content.digest.hex)
            }
            return try await reader.recipe(of: object)
        }
    }
}

extension PlaceStore {
    /// A large file of a checkpoint.
    struct CheckpointContent: Sendable {
        let content: Int64
        let digest: Digest
        /// For people: a run and a name.
        let path: String
    }

    /// Puts down what each run refers to; false when there are no checkpoints.
    ///
    /// A file that is stored whole is one piece, and a large one as many as it has parts. What a piece takes is told once, so
    /// that hundreds of checkpoints of the same parts take little room.
    func beginSharing() throws -> Bool {
        try database.execute(
            """
            DROP TABLE IF EXISTS temp.sharing_use; DROP TABLE IF EXISTS temp.sharing_piece;
            DROP TABLE IF EXISTS temp.sharing_content;
            CREATE TEMP TABLE sharing_use (run TEXT, content INTEGER, uses INTEGER NOT NULL, PRIMARY KEY (content, run))
                WITHOUT ROWID;
            CREATE TEMP TABLE sharing_piece (digest BLOB PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TEMP TABLE sharing_content (content INTEGER, digest BLOB, uses INTEGER NOT NULL,
                PRIMARY KEY (content, digest)) WITHOUT ROWID;
            INSERT INTO temp.sharing_use (run, content, uses)
            SELECT k.run, f.content, count(*) FROM main.checkpoint k JOIN main.checkpoint_file f ON f.identity = k.identity
            GROUP BY k.run, f.content;
            INSERT INTO temp.sharing_piece (digest, bytes)
            SELECT digest, coalesce(encoded_size, size) FROM main.content
            WHERE id IN (SELECT content FROM temp.sharing_use) AND coalesce(encoding, '') <> 'recipe';
            INSERT INTO temp.sharing_content (content, digest, uses)
            SELECT id, digest, 1 FROM main.content
            WHERE id IN (SELECT content FROM temp.sharing_use) AND coalesce(encoding, '') <> 'recipe'
            """
        )
        return try database.first("SELECT 1 FROM temp.sharing_use LIMIT 1") { _ in true } ?? false
    }

    /// Contents in parts after one.
    func checkpointRecipes(after content: Int64, limit: Int) throws -> [CheckpointContent] {
        try database.all(
            """
            SELECT c.id, c.digest, min(k.run || '/' || k.name || '/' || f.name) FROM temp.sharing_use u
            JOIN main.content c ON c.id = u.content
            JOIN main.checkpoint_file f ON f.content = c.id JOIN main.checkpoint k ON k.identity = f.identity
            WHERE c.id > ? AND c.encoding = 'recipe' GROUP BY c.id ORDER BY c.id LIMIT ?
            """,
            [.integer(content), .integer(Int64(limit))]
        ) { row in
            guard let digest = row.digest(1) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            return CheckpointContent(content: row.int64(0), digest: digest, path: row.text(2))
        }
    }

    func addSharedParts(of recipe: Recipe, content: Int64) throws {
        try database.transaction {
            for part in recipe.parts {
                try database.run(
                    "INSERT OR IGNORE INTO temp.sharing_piece (digest, bytes) VALUES (?, ?)",
                    .blob(part.sha256.bytes),
                    // What a recipe says is believed within reason.
                    .integer(min(max(0, part.encodedSize), Recipe.partByteCount * 2))
                )
                try database.run(
                    """
                    INSERT INTO temp.sharing_content (content, digest, uses) VALUES (?, ?, 1)
                    ON CONFLICT (content, digest) DO UPDATE SET uses = uses + 1
                    """,
                    .integer(content),
                    .blob(part.sha256.bytes)
                )
            }
        }
    }

    /// What each run shares, in the order of their names, and all together.
    func sharing() throws -> [SharingRow] {
        let runs = try database.all("SELECT DISTINCT run FROM temp.sharing_use ORDER BY run") { $0.text(0) }
        return try (runs.map(Optional.some) + [nil]).map { run in
            try Task.checkCancellation()
            return try sharing(of: run)
        }
    }

    private func sharing(of run: String?) throws -> SharingRow {
        let counts = try database.first(
            """
            SELECT count(DISTINCT k.identity), count(*), coalesce(sum(c.size), 0) FROM main.checkpoint k
            JOIN main.checkpoint_file f ON f.identity = k.identity JOIN main.content c ON c.id = f.content
            WHERE ?1 IS NULL OR k.run = ?1
            """,
            [SQLiteValue(run)]
        ) { (checkpoints: $0.int(0), files: $0.int(1), bytes: $0.int64(2)) }
        let stored = try database.first(
            """
            SELECT coalesce(sum(p.bytes), 0), coalesce(sum(p.bytes * n.uses), 0) FROM (
                SELECT s.digest AS digest, sum(s.uses * u.uses) AS uses FROM temp.sharing_use u
                JOIN temp.sharing_content s ON s.content = u.content WHERE ?1 IS NULL OR u.run = ?1 GROUP BY s.digest) n
            JOIN temp.sharing_piece p ON p.digest = n.digest
            """,
            [SQLiteValue(run)]
        ) { (once: $0.int64(0), each: $0.int64(1)) }
        return SharingRow(
            run: run,
            checkpoints: counts?.checkpoints ?? 0,
            files: counts?.files ?? 0,
            bytes: counts?.bytes ?? 0,
            bytesStored: stored?.once ?? 0,
            bytesWithoutSharing: stored?.each ?? 0
        )
    }
}
