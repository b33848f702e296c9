/// A path on which a root and a place hold the same content.
package struct Agreement: Sendable {
    package let path: String
    package let digest: Digest
    package let size: Int64

    package init(path: String, digest: Digest, size: Int64) {
        self.path = path
        self.digest = digest
        self.size = size
    }
}

/// An object that was put and is not named by a commit yet.
package struct Transfer: Sendable, Equatable {
    package let digest: Digest
    package let key: ObjectKey
    package let encodedSize: Int64
    /// When it was put, nanoseconds since 1970 UTC.
    package let putAt: Int64

    package init(digest: Digest, key: ObjectKey, encodedSize: Int64, putAt: Int64) {
        self.digest = digest
        self.key = key
        self.encodedSize = encodedSize
        self.putAt = putAt
    }
}

extension Catalog {
    /// Remembers that `root` and the place now hold the same content at these paths, and that others left the place.
    package func agree(root: RootID, place: Int64, on agreements: [Agreement], forget: [String] = []) throws {
        guard !agreements.isEmpty || !forget.isEmpty else { return }
        try database.transaction {
            for agreement in agreements {
                let content = try content(agreement.digest, size: agreement.size)
                try database.run(
                    "INSERT OR REPLACE INTO agreed (root, place, path, content) VALUES (?, ?, ?, ?)",
                    .integer(root.rawValue),
                    .integer(place),
                    .text(agreement.path),
                    .integer(content)
                )
            }
            for path in forget {
                try database.run(
                    "DELETE FROM agreed WHERE root = ? AND place = ? AND path = ?",
                    .integer(root.rawValue),
                    .integer(place),
                    .text(path)
                )
            }
        }
    }

    /// How long an uncommitted object may be relied on: a pusher commits within 24 h of putting it, since later it may
    /// be condemned (`design.md` section 3).
    private static let transferLifetime: Int64 = 20 * 3600 * 1_000_000_000

    /// Remembers objects that were put, so that an interrupted push does not put them again.
    package func remember(_ transfers: [Transfer], place: Int64, repository: String) throws {
        guard !transfers.isEmpty else { return }
        try database.transaction {
            for transfer in transfers {
                try database.run(
                    """
                    INSERT OR REPLACE INTO transfer (place, repository, digest, key, encoded_size, put_at)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                    .integer(place),
                    .text(repository),
                    .blob(transfer.digest.bytes),
                    .text(transfer.key.remoteKey.string),
                    .integer(transfer.encodedSize),
                    .integer(transfer.putAt)
                )
            }
        }
    }

    /// The object of `digest` that an interrupted push has put, nil when there is none that is young enough.
    package func transfer(of digest: Digest, place: Int64, repository: String) throws -> Transfer? {
        let row = try database.first(
            """
            SELECT key, encoded_size, put_at FROM transfer
            WHERE place = ? AND repository = ? AND digest = ? AND put_at BETWEEN ?4 AND ?4 + ?5
            """,
            [
                .integer(place), .text(repository), .blob(digest.bytes),
                .integer(Machine.now() - Self.transferLifetime), .integer(Self.transferLifetime),
            ]
        ) { (key: $0.text(0), size: $0.int64(1), putAt: $0.int64(2)) }
        guard let row, let key = ObjectKey(row.key), key.digest == digest else { return nil }
        return Transfer(digest: digest, key: key, encodedSize: row.size, putAt: row.putAt)
    }

    /// Forgets what was agreed with a place and put there: another repository stands there now.
    package func forgetDealings(with place: Int64) throws {
        try database.transaction {
            try database.run("DELETE FROM agreed WHERE place = ?", .integer(place))
            try database.run("DELETE FROM transfer WHERE place = ?", .integer(place))
            try database.run("DELETE FROM condemned WHERE place = ?", .integer(place))
            try database.run("DELETE FROM condemned_list WHERE place = ?", .integer(place))
        }
    }

    /// Forgets the transfers of a place, which a commit has named or which are too old.
    package func forgetTransfers(_ digests: [Digest], place: Int64) throws {
        guard !digests.isEmpty else { return }
        try database.transaction {
            for digest in digests {
                try database.run(
                    "DELETE FROM transfer WHERE place = ? AND digest = ?",
                    .integer(place),
                    .blob(digest.bytes)
                )
            }
            try database.run(
                "DELETE FROM transfer WHERE put_at < ?",
                .integer(Machine.now() - Self.transferLifetime)
            )
        }
    }
}
