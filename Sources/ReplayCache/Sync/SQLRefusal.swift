/// What a user is told whose statement cannot be run.
enum SQLRefusal {
    /// A statement that is not one of reading.
    static func writes(_ cause: String) -> ReplayCacheError {
        ReplayCacheError(
            .usage,
            "sql only reads: that statement would change or set something",
            cause: cause.isEmpty ? nil : cause
        )
    }

    /// A statement that took too long.
    static func expired(after timeout: Duration) -> ReplayCacheError {
        let seconds = Double(timeout.components.seconds) + Double(timeout.components.attoseconds) / 1e18
        return ReplayCacheError(
            .quota,
            "the statement was stopped: it took longer than \(Decimals.format(seconds, places: seconds < 10 ? 1 : 0)) s",
            hint: "join views by digest, which has an index, and not by sha256; --timeout allows more time"
        )
    }

    /// What SQLite says of a statement, in words for its author and with the word that is wrong.
    static func explained(_ error: SQLiteError, of sql: String, in database: Database) -> any Error {
        // A function, or a table that a module makes, is refused with the code of any other mistake.
        if error.isReadOnly || error.message.hasPrefix("not authorized") { return writes(error.message) }
        if error.isInterrupted { return CancellationError() }
        if error.isTooLarge {
            return ReplayCacheError(
                .quota,
                "the statement makes more than is kept in memory at once",
                hint: "ask for less: a value may have 64 MiB, and all together 512 MiB",
                cause: error.message
            )
        }
        guard error.isOfTheStatement else { return error }
        var refusal = ReplayCacheError(
            .usage,
            "the statement is not valid: \(error.message)",
            hint: suggestion(for: error.message, in: database)
        )
        refusal.mark = error.offset.flatMap { TextMark(sql, utf8Offset: $0) }
        return refusal
    }

    /// Names that an unknown one may have been meant to be; without one the views.
    private static func suggestion(for message: String, in database: Database) -> String {
        let views = "views: \(SQLViews.names.joined(separator: ", "))"
        guard let unknown = message.split(separator: " ").last.map(String.init) else { return views }
        let word = String(unknown.split(separator: ".").last ?? "")
        var names: [String] = []
        if message.hasPrefix("no such table") { names = SQLViews.names }
        if message.hasPrefix("no such column") {
            let sql = "SELECT DISTINCT name FROM pragma_table_info(?)"
            // Without names there is no suggestion, and that is all.
            for view in SQLViews.names { names += (try? database.all(sql, [.text(view)]) { $0.text(0) }) ?? [] }
        }
        let near = NameIndex(names.map { (id: $0, name: $0, aliases: []) }).suggestions(for: word)
        guard !near.isEmpty else {
            return message.hasPrefix("no such column") ? "\(views); docs/catalog.md has their columns" : views
        }
        return "did you mean \(near.joined(separator: " or "))?"
    }
}
