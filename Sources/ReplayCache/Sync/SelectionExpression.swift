/// `--where`: an SQL expression over the documented views, checked before it becomes part of a statement.
///
/// A database of its own that has nothing but the documented columns, and an authorizer that allows nothing but reading,
/// tell whether it is one; names that only the program's own tables have do not exist there.
struct SelectionExpression {
    /// The expression, whole and on its own.
    let sql: String

    /// Checks an expression.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` that names the word.
    init(_ expression: String) throws {
        if let stray = Self.stray(in: expression.utf8Span.span) {
            let word = stray.utf8Offset.flatMap { Self.word(of: expression, at: $0) }
            throw Self.refusal(stray.reason, word, expression)
        }
        let database = try Database(path: ":memory:")
        let views = try DocumentedViews.shared.get()
        for view in [views.replays, views.players] {
            try database.execute("CREATE TABLE \(view.name) (\(view.columns.joined(separator: ", ")))")
        }
        database.forbidWrites()
        do {
            let statement = try database.prepare("SELECT (\n\(expression)\n) FROM replays WHERE (\n\(expression)\n)")
            guard statement.columnCount == 1 else { throw Self.refusal("is several values", nil, expression) }
        } catch let error as SQLiteError {
            throw Self.refusal(error.message, nil, expression, near: views.suggestions(for: error.message))
        }
        sql = expression
    }

    /// A condition on the content `content` at `path`.
    static func condition(
        _ expression: String,
        over views: DocumentedViews,
        _ schema: String,
        content: String,
        path: String
    ) -> String {
        """
        EXISTS (WITH replays AS (\(views.replays.query(schema, content: content, path: path))),
            players AS (\(views.players.query(schema, content: content)))
            SELECT 1 FROM replays WHERE (
        \(expression)
        ))
        """
    }

    /// What the error says when a value of some replay is not what the expression expects.
    static func refusal(
        _ reason: String,
        _ word: String?,
        _ expression: String,
        near: [String] = []
    ) -> ReplayCacheError {
        ReplayCacheError(
            .usage,
            "--where: \(DisplayText.escaped(reason))\(word.map { " at \(DisplayText.quoted($0))" } ?? "")",
            hint: near.isEmpty
                ? "an SQL expression over the columns of the views `replays` and `players` is meant, such as "
                    + "\"frames > 3600 AND mode = 'ranked'\"; docs/catalog.md has them"
                : "did you mean \(near.joined(separator: " or "))?",
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
