/// A piece of a statement with the values of its marks, which stand in it as `?` in the order of the values.
struct SQLText {
    var sql: String
    var values: [SQLiteValue] = []

    init(_ sql: String, _ values: [SQLiteValue] = []) {
        self.sql = sql
        self.values = values
    }

    static func + (left: SQLText, right: SQLText) -> SQLText {
        SQLText(left.sql + right.sql, left.values + right.values)
    }

    /// True when all are; all of nothing is true.
    static func all(_ terms: [SQLText]) -> SQLText { joined(terms, " AND ", empty: "1") }

    /// True when one is; one of nothing is false.
    static func any(_ terms: [SQLText]) -> SQLText { joined(terms, " OR ", empty: "0") }

    /// True when it is false or unknown.
    static func not(_ term: SQLText) -> SQLText { SQLText("(\(term.sql)) IS NOT TRUE", term.values) }

    private static func joined(_ terms: [SQLText], _ word: String, empty: String) -> SQLText {
        guard terms.count != 1 else { return terms[0] }
        guard !terms.isEmpty else { return SQLText(empty) }
        return SQLText("(" + terms.map(\.sql).joined(separator: word) + ")", terms.flatMap(\.values))
    }
}
