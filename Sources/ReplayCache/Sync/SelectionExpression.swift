/// `--where`: an SQL expression over the documented views, checked before it becomes part of a statement.
///
/// A database of its own that has nothing but the documented columns, and an authorizer that allows nothing but reading,
/// tell whether it is one; names that only the program's own tables have do not exist there.
struct SelectionExpression {
    /// The expression, whole and on its own.
    let sql: String

    /// The columns of `replays` that an expression may name, as `docs/catalog.md` has them, made of a row `w` of `game` and
    /// `wc` of `content`.
    private static func columns(_ schema: String, path: String) -> [(name: String, value: String)] {
        [
            ("path", path), ("sha256", "lower(hex(wc.digest))"), ("size", "wc.size"), ("version", "w.version"),
            ("stage_id", "w.stage"),
            (
                "stage",
                "coalesce((SELECT name FROM \(schema).stage_name WHERE id = w.stage), 'stage ' || w.stage)"
            ),
            (
                "started_at",
                "coalesce(w.started_at, strftime('%Y-%m-%dT%H:%M:%SZ', w.started_at_seconds, 'unixepoch'))"
            ),
            ("started_at_seconds", "w.started_at_seconds"), ("frames", "w.last_frame + 124"),
            ("duration_seconds", "(w.last_frame + 124) / 60.0"), ("complete", "w.is_complete"),
            ("problem", "w.problem"), ("played_on", "w.played_on"), ("match_id", "w.match_id"), ("game", "w.game"),
            ("tiebreaker", "w.tiebreaker"), ("winner_ports", "w.winner_ports"), ("is_teams", "w.is_teams"),
            (
                "mode",
                "CASE WHEN w.match_id GLOB 'mode.*-*' THEN substr(w.match_id, 6, instr(w.match_id, '-') - 6) END"
            ),
            ("end_method", "w.end_method"), ("start_stocks", "w.start_stocks"), ("seed", "w.seed"),
        ]
    }

    /// The columns of `players`, made of a row `wp` of the view `player`.
    private static func playerColumns(_ schema: String) -> [(name: String, value: String)] {
        [
            ("sha256", "(SELECT lower(hex(digest)) FROM \(schema).content WHERE id = wp.content)"),
            ("port", "wp.port"), ("character_id", "wp.character"),
            (
                "character",
                "coalesce((SELECT name FROM \(schema).character_name WHERE id = wp.character), 'character ' || wp.character)"
            ),
            ("type", "wp.type"), ("costume", "wp.costume"), ("team", "wp.team"), ("display_name", "wp.display_name"),
            ("connect_code", "wp.connect_code"), ("name_tag", "wp.name_tag"),
            (
                "won",
                "instr((SELECT winner_ports FROM \(schema).game WHERE content = wp.content), wp.port) > 0"
            ),
        ]
    }

    /// Checks an expression.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` that names the word.
    init(_ expression: String) throws {
        if let stray = Self.stray(in: expression.utf8Span.span) {
            let word = stray.utf8Offset.flatMap { Self.word(of: expression, at: $0) }
            throw Self.refusal(stray.reason, word, expression)
        }
        let database = try Database(path: ":memory:")
        for (table, columns) in [
            ("replays", Self.columns("main", path: "").map(\.name)),
            ("players", Self.playerColumns("main").map(\.name)),
        ] {
            try database.execute("CREATE TABLE \(table) (\(columns.joined(separator: ", ")))")
        }
        database.forbidWrites()
        do {
            let statement = try database.prepare("SELECT (\n\(expression)\n) FROM replays WHERE (\n\(expression)\n)")
            guard statement.columnCount == 1 else { throw Self.refusal("is several values", nil, expression) }
        } catch let error as SQLiteError {
            throw Self.refusal(error.message, nil, expression)
        }
        sql = expression
    }

    /// A condition on the content `content` at `path`.
    static func condition(_ expression: String, _ schema: String, content: String, path: String) -> String {
        func list(_ columns: [(name: String, value: String)]) -> String {
            columns.map { "\($0.value) AS \($0.name)" }.joined(separator: ", ")
        }
        return """
            EXISTS (WITH replays AS (SELECT \(list(columns(schema, path: path)))
                    FROM \(schema).game w JOIN \(schema).content wc ON wc.id = w.content WHERE w.content = \(content)),
                players AS (SELECT \(list(playerColumns(schema))) FROM \(schema).player wp WHERE wp.content = \(content))
                SELECT 1 FROM replays WHERE (
            \(expression)
            ))
            """
    }

    /// What the error says when a value of some replay is not what the expression expects.
    static func refusal(_ reason: String, _ word: String?, _ expression: String) -> ReplayCacheError {
        ReplayCacheError(
            .usage,
            "--where: \(DisplayText.escaped(reason))\(word.map { " at \(DisplayText.quoted($0))" } ?? "")",
            hint:
                "an SQL expression over the columns of the views `replays` and `players` is meant, such as "
                + "\"frames > 3600 AND mode = 'ranked'\"; `replaycache sql` shows them",
            subject: expression
        )
    }

    // MARK: On its own

    /// Something that would end the expression or reach out of it.
    private struct Stray {
        let reason: String
        let utf8Offset: Int?
    }

    /// Looks for a parenthesis without its partner, a semicolon or a parameter, outside of texts, names and comments.
    private static func stray(in text: Span<UInt8>) -> Stray? {
        var depth = 0
        var index = 0
        while index < text.count {
            let next = index + 1 < text.count ? text[index + 1] : 0
            switch text[index] {
            case 0: return Stray(reason: "a NUL", utf8Offset: nil)
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"), UInt8(ascii: "["):
                let sign = text[index] == UInt8(ascii: "[") ? UInt8(ascii: "]") : text[index]
                guard let end = end(of: sign, text, index) else {
                    return Stray(reason: "a text is not closed", utf8Offset: index)
                }
                index = end
            case UInt8(ascii: "-") where next == UInt8(ascii: "-"), UInt8(ascii: "/") where next == UInt8(ascii: "*"):
                return Stray(reason: "comments are not understood", utf8Offset: index)
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth < 0 { return Stray(reason: "a parenthesis is closed that was not opened", utf8Offset: index) }
            case UInt8(ascii: ";"):
                return Stray(reason: "one expression is wanted and no statements", utf8Offset: index)
            case UInt8(ascii: "?"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "$"), UInt8(ascii: "#"):
                return Stray(reason: "parameters have no values here", utf8Offset: index)
            default: break
            }
            index += 1
        }
        return depth > 0 ? Stray(reason: "a parenthesis is not closed", utf8Offset: nil) : nil
    }

    /// The offset of the sign that ends a text; two of them, which mean one within it, are two texts here.
    private static func end(of sign: UInt8, _ text: Span<UInt8>, _ start: Int) -> Int? {
        var index = start + 1
        while index < text.count {
            if text[index] == sign { return index }
            index += 1
        }
        return nil
    }

    private static func word(of text: String, at offset: Int) -> String? {
        let bytes = Array(text.utf8)[offset...]
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: " ") }.prefix(40), as: UTF8.self)
    }
}
