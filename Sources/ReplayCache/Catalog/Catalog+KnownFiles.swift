/// A file as the catalog knows it.
struct KnownFile: Sendable {
    let path: LogicalPath
    let status: FileStatus
    let digest: Digest
}

extension Catalog {
    /// Files of a root with a known content, in the order of their paths, after one.
    func knownFiles(root: RootID, after path: String, limit: Int) throws -> [KnownFile] {
        try database.all(
            """
            SELECT p.path, f.device, f.inode, f.size, f.mtime, f.ctime, c.digest
            FROM main.file_path p JOIN main.file f ON f.id = p.file JOIN main.content c ON c.id = f.content
            WHERE p.root = ? AND p.path > ? ORDER BY p.path LIMIT ?
            """,
            [.integer(root.rawValue), .text(path), .integer(Int64(limit))]
        ) { row in
            guard let digest = row.digest(6) else {
                throw SQLiteError(code: 11, message: "a digest is damaged", sql: nil)
            }
            return KnownFile(
                path: try LogicalPath(row.text(0)),
                status: FileStatus(
                    device: UInt64(bitPattern: row.int64(1)),
                    inode: UInt64(bitPattern: row.int64(2)),
                    size: row.int64(3),
                    mtimeNanoseconds: row.int64(4),
                    ctimeNanoseconds: row.int64(5)
                ),
                digest: digest
            )
        }
    }
}
