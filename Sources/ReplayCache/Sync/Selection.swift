/// Which entries or replays are meant: SELECTION on the command line (`docs/catalog.md`, "Selection").
///
/// Values within one criterion mean any of; different criteria mean all of. An empty selection means everything; as soon as
/// one criterion but ``paths`` is given, what is no replay is not meant. What is unknown of a replay fulfils no criterion, so
/// that it stays with one that only says what something is not.
///
/// ``characters`` and ``players`` describe one and the same player of a game; ``opponents`` are players who are not on that
/// player's team. Where one of the three says what somebody is not, no player at all may be that; with ``opponents`` none of
/// those whom the player met, who is any player where nothing says who is meant.
///
/// Of what fulfils all criteria ``unique`` leaves one each, ``sample`` then draws from that, and ``limit`` takes the first.
public struct Selection: Sendable, Equatable {
    /// Whom a player plays, at the start of the game.
    public var characters = Criterion<MeleeCharacter>()
    /// Whom somebody plays who is not on the team of that player.
    public var opponents = Criterion<MeleeCharacter>()
    /// Two players who are not on one team.
    public var matchups = Criterion<Matchup>()
    /// Where.
    public var stages = Criterion<Stage>()
    /// Connect code, online name or tag of a player, in upper or lower case.
    public var players = Criterion<String>()
    /// Who won, or is on the team that did.
    public var winners = Criterion<Winner>()
    /// What recorded the game, such as `dolphin`, in upper or lower case.
    public var platforms = Criterion<String>()
    /// Versions of the file.
    public var versions = Criterion<VersionRange>()
    /// The path, or what follows one of its slashes, matches one of these shell patterns.
    public var paths = Criterion<String>()
    /// Contents that a dataset names, `NAME` or `NAME@DIGITS`; nil for all.
    public var dataset: String?
    /// Started then or later.
    public var since: Moment?
    /// Started before.
    public var until: Moment?
    /// Length of the game, countdown included.
    public var minimumDuration: Duration?
    /// Length of the game, countdown included.
    public var maximumDuration: Duration?
    /// The recording is whole and the game ended.
    public var isComplete = false
    /// So many players are persons, or programs behind a controller.
    public var humans: Int?
    /// Every player started with so many or more.
    public var minimumStocks: Int?
    /// How the game was arranged; empty for any.
    public var modes: Set<OnlineMode> = []
    /// On one of the six stages that tournaments play on.
    public var isLegal = false
    /// A teams game.
    public var isDoubles = false
    /// An SQL expression over a row of the documented view `replays`, and over `players`, which holds the players of that
    /// replay alone.
    public var expression: String?
    /// Leaves one each of what is there several times.
    public var unique: Uniqueness?
    /// Draws some by chance.
    public var sample: Sample?
    /// At most this many, in the order of their paths.
    public var limit: Int?
    /// The lists that ``dataset`` means, loaded where the selection is asked for; set by the engine.
    var lists: [Digest] = []

    /// A selection by the commonest criteria.
    public init(characters: [MeleeCharacter] = [], paths: [String] = [], limit: Int? = nil) {
        self.characters.anyOf = characters
        self.paths.anyOf = paths
        self.limit = limit
    }

    /// What tells two files apart.
    public enum Uniqueness: String, Sendable, CaseIterable {
        /// Their bytes: of several paths with one content the first.
        case file
        /// The game: of several recordings a complete one, then the longest, then the first path.
        case game
    }

    /// How a game on the network was arranged, since 3.14.0.
    public enum OnlineMode: String, Sendable, CaseIterable {
        /// For a rating.
        case ranked
        /// Against whoever comes.
        case unranked
    }

    /// What is drawn by chance: the same again of the same set, on every machine.
    public struct Sample: Sendable, Equatable {
        /// How many.
        public var count: Int
        /// Another one, another draw.
        public var seed: UInt64
        /// As many from each combination of these, as far as there are; what one lacks goes to the others.
        public var strata: [Stratum]

        /// A draw of `count`.
        public init(count: Int, seed: UInt64 = 0, strata: [Stratum] = []) {
            self.count = count
            self.seed = seed
            self.strata = strata
        }
    }

    /// What a sample is even across.
    public enum Stratum: String, Sendable, CaseIterable {
        /// Of the player meant, who is the one of the lowest port where nothing says who is meant.
        case character
        /// The two sides, whoever is on which.
        case matchup
        /// Where.
        case stage
        /// Year and month in UTC.
        case month
        /// Connect code, else name or tag, of the player meant.
        case player
        /// Major and minor version of the file.
        case version
        /// What recorded it.
        case platform
    }
}

/// Values of which one is to be, and values of which none is to be.
public struct Criterion<Value: Sendable & Equatable>: Sendable, Equatable {
    /// One of these; empty for any.
    public var anyOf: [Value]
    /// None of these.
    public var noneOf: [Value]

    /// A criterion that anything fulfils.
    public init() {
        anyOf = []
        noneOf = []
    }

    /// A criterion.
    public init(anyOf: [Value] = [], noneOf: [Value] = []) {
        self.anyOf = anyOf
        self.noneOf = noneOf
    }

    /// Whether anything fulfils it.
    public var isEmpty: Bool { anyOf.isEmpty && noneOf.isEmpty }
}

extension Criterion: ExpressibleByArrayLiteral {
    /// One of these.
    public init(arrayLiteral elements: Value...) { self.init(anyOf: elements) }
}

/// Two characters that meet, whoever is on which side.
public struct Matchup: Sendable, Equatable {
    /// One of the two.
    public var first: MeleeCharacter
    /// The other one, or the same.
    public var second: MeleeCharacter

    /// A matchup.
    public init(_ first: MeleeCharacter, _ second: MeleeCharacter) {
        self.first = first
        self.second = second
    }
}

/// Who won a game.
public enum Winner: Sendable, Equatable {
    /// Somebody who played this.
    case character(MeleeCharacter)
    /// Somebody with this connect code, online name or tag.
    case player(String)
}

extension Selection {
    /// Whether anything but paths is asked for, which only a replay can fulfil.
    var isOfReplays: Bool {
        var other = self
        other.paths = Criterion()
        other.dataset = nil
        other.lists = []
        other.limit = nil
        if other.unique == .file { other.unique = nil }
        if other.sample?.strata.isEmpty == true { other.sample = nil }
        return other != Selection()
    }

    /// Whether it says which player is meant.
    var namesPlayer: Bool { !characters.anyOf.isEmpty || !players.anyOf.isEmpty }

    /// Whether what is meant depends on the whole set, and not on each alone.
    var isOfSets: Bool { unique != nil || sample != nil }

    /// The same without what depends on the whole set.
    var ofEachAlone: Selection {
        var result = self
        result.unique = nil
        result.sample = nil
        result.limit = nil
        return result
    }

    /// What is selected by, as it would be written on a command line; nil for everything.
    public var criteria: String? {
        let words = words.map { flag, value in value.map { "--\(flag) \($0)" } ?? "--\(flag)" }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    private var words: [(flag: String, value: String?)] {
        func each<Value>(
            _ flag: String,
            _ criterion: Criterion<Value>,
            _ text: (Value) -> String
        ) -> [(flag: String, value: String?)] {
            criterion.anyOf.map { (flag, Self.quoted(text($0))) }
                + criterion.noneOf.map { (flag, Self.quoted("not:\(text($0))")) }
        }
        var words = each("character", characters, \.name) + each("opponent", opponents, \.name)
        words += each("matchup", matchups) { "\($0.first.name)/\($0.second.name)" }
        words += each("stage", stages, \.name) + each("player", players) { $0 }
        words += each("winner", winners) { winner in
            switch winner {
            case .character(let character): character.name
            case .player(let name): name
            }
        }
        words += each("slippi", versions, \.text) + each("platform", platforms) { $0 }
        func option(_ flag: String, _ value: String?) { if let value { words.append((flag, Self.quoted(value))) } }
        func flag(_ flag: String, _ isOn: Bool) { if isOn { words.append((flag, nil)) } }
        option("since", since?.words)
        option("until", until?.words)
        option("min-duration", minimumDuration?.words)
        option("max-duration", maximumDuration?.words)
        flag("complete", isComplete)
        option("humans", humans.map(String.init))
        option("min-stocks", minimumStocks.map(String.init))
        for mode in OnlineMode.allCases { flag(mode.rawValue, modes.contains(mode)) }
        flag("legal", isLegal)
        flag("doubles", isDoubles)
        words += each("path", paths) { $0 }
        option("dataset", dataset)
        option("where", expression)
        option("unique", unique?.rawValue)
        option("sample", sample.map { "\($0.count)" })
        if let sample, sample.seed != 0 { option("seed", "\(sample.seed)") }
        if let sample, !sample.strata.isEmpty {
            option("per", sample.strata.map(\.rawValue).joined(separator: ","))
        }
        option("limit", limit.map(String.init))
        return words
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-_.:/,#".utf8.contains(byte)
        }
        return isPlain ? text : DisplayText.quoted(text)
    }
}
