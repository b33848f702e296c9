internal import CSQLite

/// A result code of SQLite with its text (sqlite.org/rescode.html).
package struct SQLiteError: Error, Sendable, Equatable {
    /// The extended result code.
    package let code: Int32
    /// What SQLite said, copied at once.
    package let message: String
    /// The statement that failed, without its values.
    package let sql: String?
    /// The file of the database; nil where that is not known.
    package var path: String?
    /// Where in the statement, in bytes of UTF-8; nil where SQLite does not tell.
    package var offset: Int?

    /// The result code without its extension.
    package var primaryCode: Int32 { code & 0xFF }

    package var isReadOnly: Bool { primaryCode == SQLITE_AUTH || primaryCode == SQLITE_READONLY }

    /// Whether a value or all of them together were larger than was allowed.
    package var isTooLarge: Bool { primaryCode == SQLITE_TOOBIG || primaryCode == SQLITE_NOMEM }

    /// Whether the statement was stopped from outside.
    package var isInterrupted: Bool { primaryCode == SQLITE_INTERRUPT }

    /// Whether the statement itself is wrong.
    package var isOfTheStatement: Bool { primaryCode == SQLITE_ERROR || primaryCode == SQLITE_MISUSE }

    /// Whether disk or memory failed, and not what stands in the file.
    package var isOfTheMachine: Bool {
        [SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_NOMEM, SQLITE_PERM, SQLITE_INTERRUPT].contains(primaryCode)
    }

    private var location: String {
        guard let path, let slash = path.lastIndex(of: "/") else { return "" }
        return " in \(slash == path.startIndex ? "/" : path[..<slash])"
    }

    /// The error with the words and the advice that a user needs.
    func classified(doing action: String) -> ReplayCacheError {
        switch primaryCode {
        case SQLITE_BUSY, SQLITE_LOCKED:
            ReplayCacheError(
                .busy,
                "the catalog is in use by another process",
                hint: "try again in a moment",
                cause: message
            )
        case SQLITE_FULL:
            ReplayCacheError(
                .disk,
                "no space left for the catalog\(location) while \(action)",
                hint:
                    "free some space there and in the folder of temporary files, or set REPLAYCACHE_HOME to a folder on"
                    + " another disk",
                cause: message
            )
        case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM:
            ReplayCacheError(
                .disk,
                "the catalog\(location) cannot be read or written while \(action)",
                hint: "check that $REPLAYCACHE_HOME is on a writable local disk",
                cause: message
            )
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            .damagedCatalog(cause: message)
        case SQLITE_INTERRUPT:
            ReplayCacheError(.cancelled, "interrupted while \(action)")
        default:
            ReplayCacheError(.unclassified, "the catalog refused a statement while \(action)", cause: message)
        }
    }
}

extension ReplayCacheError {
    /// A database of this program that SQLite finds broken.
    static func damagedCatalog(cause: String) -> ReplayCacheError {
        ReplayCacheError(
            .disk,
            "the catalog is damaged",
            hint: "move $REPLAYCACHE_HOME aside; it is rebuilt from the folders and the remotes",
            cause: cause
        )
    }
}
