/// Selections in SQL: conditions on the packed columns of `game`, which the catalog and every place's database have alike.
///
/// What costs least comes first: SQLite tests in this order.
struct SelectionConditions {
    /// On a row `g` of the table `game`; none where nothing is asked of replays.
    private(set) var game: [SQLText] = []
    /// On a path.
    private let paths: Criterion<String>
    /// An expression of the user.
    private let expression: (sql: String, views: DocumentedViews)?
    private let schema: String
    /// The lists of the dataset that is asked for; nil where none is.
    private let lists: [Digest]?

    /// Works out the conditions for a database; `schema` is the one of its tables.
    ///
    /// Looks up players at once, so that a statement compares numbers and no names. The expression is checked, unless it was
    /// before.
    init(
        _ selection: Selection,
        in database: Database,
        schema: String = "main",
        isChecked: Bool = false
    ) throws {
        if let dataset = selection.dataset, selection.lists.isEmpty {
            // Silence would mean that nothing is selected.
            throw ReplayCacheError(
                .usage,
                "what the dataset \(DisplayText.quoted(dataset)) names is not asked for here",
                hint: "select without --dataset",
                subject: dataset
            )
        }
        self.schema = schema
        paths = selection.paths
        lists = selection.dataset == nil ? nil : selection.lists
        expression = try selection.expression.map { text in
            (isChecked ? text : try SelectionExpression(text).sql, try DocumentedViews.shared.get())
        }
        guard selection.isOfReplays else { return }
        let people = try People(selection, database, schema)
        game = Self.plain(selection) + people.conditions + Self.texts(selection)
    }

    /// Whether anything is asked at all.
    var isEmpty: Bool { game.isEmpty && isOfGamesAlone }

    /// Whether nothing is asked but what stands in `game`.
    var isOfGamesAlone: Bool { paths.isEmpty && expression == nil && lists == nil }

    /// The whole condition where a statement has a row `g`, and expressions for the id of its content and a path.
    func joined(content: String, path: String) -> SQLText {
        .all(game + rest(content: content, path: path))
    }

    /// The same where a statement has no such row.
    func standalone(content: String, path: String) -> SQLText {
        var terms = game
        if !game.isEmpty {
            let test = SQLText.all(game)
            terms = [
                SQLText(
                    "EXISTS (SELECT 1 FROM \(schema).game g WHERE g.content = \(content) AND \(test.sql))",
                    test.values
                )
            ]
        }
        return .all(terms + rest(content: content, path: path))
    }

    private func rest(content: String, path: String) -> [SQLText] {
        func matches(_ pattern: String) -> SQLText { SQLText("path_matches(?, \(path))", [.text(pattern)]) }
        var terms: [SQLText] = []
        if let lists { terms.append(SQLText(FrozenTable.condition(lists, schema: schema, content: content))) }
        if !paths.anyOf.isEmpty { terms.append(.any(paths.anyOf.map(matches))) }
        if !paths.noneOf.isEmpty { terms.append(.not(.any(paths.noneOf.map(matches)))) }
        if let expression {
            let (sql, views) = expression
            terms.append(
                SQLText(SelectionExpression.condition(sql, over: views, schema, content: content, path: path))
            )
        }
        return terms
    }

    // MARK: What stands in one column

    private static func plain(_ selection: Selection) -> [SQLText] {
        var terms: [String] = []
        if !selection.stages.anyOf.isEmpty { terms.append(isOne("g.stage", of: selection.stages.anyOf)) }
        if !selection.stages.noneOf.isEmpty {
            terms.append("(\(isOne("g.stage", of: selection.stages.noneOf))) IS NOT TRUE")
        }
        if selection.isLegal { terms.append(isOne("g.stage", of: Stage.all.filter(\.isLegal))) }
        if selection.isDoubles { terms.append("g.is_teams = 1") }
        if selection.isComplete { terms.append("g.is_complete = 1") }
        if let stocks = selection.minimumStocks { terms.append("g.start_stocks >= \(stocks)") }
        terms += times(selection)
        if let humans = selection.humans {
            let isHuman = (1...4).map { "(g.player\($0) & \(511 << 16) IS \(1 << 16))" }
            // Most games have nobody at the last two ports.
            terms.append(
                """
                CASE WHEN g.player3 IS NULL AND g.player4 IS NULL THEN \(isHuman[..<2].joined(separator: " + "))
                ELSE \(isHuman.joined(separator: " + ")) END = \(humans)
                """
            )
        }
        // So that a file that is no replay is not meant, whatever it is that is not to be.
        return ([terms.isEmpty ? "g.content IS NOT NULL" : ""] + terms).filter { !$0.isEmpty }.map { SQLText($0) }
    }

    private static func isOne(_ column: String, of stages: [Stage]) -> String {
        stages.count == 1
            ? "\(column) = \(stages[0].rawValue)"
            : "\(column) IN (\(stages.map { "\($0.rawValue)" }.joined(separator: ", ")))"
    }

    private static func times(_ selection: Selection) -> [String] {
        let now = Timestamp.now()
        var terms: [String] = []
        // Times are whole seconds: of those at or after a moment the first is rounded up, and so is the first after the last.
        func firstSecond(_ moment: Moment) -> Int64 {
            let (seconds, rest) = moment.hlc(now: now).milliseconds.quotientAndRemainder(dividingBy: 1000)
            return rest > 0 ? seconds + 1 : seconds
        }
        if let since = selection.since { terms.append("g.started_at_seconds >= \(firstSecond(since))") }
        if let until = selection.until { terms.append("g.started_at_seconds < \(firstSecond(until))") }
        // 60 frames a second; the first has the number -123.
        func frames(_ duration: Duration) -> (quotient: Int64, remainder: Int64) {
            min(max(duration.milliseconds, -1_000_000_000_000), 1_000_000_000_000).multipliedReportingOverflow(by: 60)
                .partialValue.quotientAndRemainder(dividingBy: 1000)
        }
        if let minimum = selection.minimumDuration.map(frames) {
            terms.append("g.last_frame >= \(minimum.quotient + (minimum.remainder > 0 ? 1 : 0) - 124)")
        }
        if let maximum = selection.maximumDuration.map(frames) {
            terms.append("g.last_frame <= \(maximum.quotient - 124)")
        }
        return terms
    }

    private static func texts(_ selection: Selection) -> [SQLText] {
        var terms: [SQLText] = []
        if !selection.modes.isEmpty {
            let modes = selection.modes.map(\.rawValue).sorted()
            terms.append(.any(modes.map { SQLText("g.match_id GLOB 'mode.\($0)-*'") }))
        }
        func isPlatform(_ names: [String]) -> SQLText {
            if names.count == 1, names[0].utf8.allSatisfy({ $0 > 0 && $0 < 128 }) {
                // No list to look into, and no text to make for each row.
                return SQLText("g.played_on = ? COLLATE NOCASE", [.text(names[0])])
            }
            return SQLText("lower(g.played_on) IN (SELECT value FROM json_each(?))", [.names(names)])
        }
        if !selection.platforms.anyOf.isEmpty { terms.append(isPlatform(selection.platforms.anyOf)) }
        if !selection.platforms.noneOf.isEmpty { terms.append(.not(isPlatform(selection.platforms.noneOf))) }
        func isIn(_ ranges: [VersionRange]) -> SQLText {
            .any(ranges.map { SQLText("version_number(g.version) BETWEEN \($0.first) AND \($0.last)") })
        }
        if !selection.versions.anyOf.isEmpty { terms.append(isIn(selection.versions.anyOf)) }
        if !selection.versions.noneOf.isEmpty { terms.append(.not(isIn(selection.versions.noneOf))) }
        return terms
    }
}

extension SQLiteValue {
    /// Names in lower case as a JSON array, for `json_each`: one value however many they are.
    static func names(_ names: [String]) -> SQLiteValue {
        // Strings always encode.
        .text((try? JSON.text(names.map { ShiftJIS.folded($0).lowercased() })) ?? "[]")
    }

    /// Row ids as a JSON array.
    static func ids(_ ids: [Int64]) -> SQLiteValue { .text("[\(ids.map(String.init).joined(separator: ","))]") }
}
