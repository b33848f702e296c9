/// Who plays in a generated library, with what and where.
enum Cast {
    static let mewtwo = 10

    /// Folder names by external character id.
    static let folders = [
        "captain_falcon", "donkey_kong", "fox", "game_and_watch", "kirby", "bowser", "link", "luigi", "mario", "marth",
        "mewtwo", "ness", "peach", "pikachu", "ice_climbers", "jigglypuff", "samus", "yoshi", "zelda", "sheik", "falco",
        "young_link", "dr_mario", "roy", "pichu", "ganondorf",
    ]

    /// External ids, about as often as one meets them online.
    static let popular: [Int] =
        Array(0...25)
        + [
            (character: 2, times: 20), (20, 18), (9, 14), (0, 12), (19, 10), (15, 5), (12, 5), (14, 3), (16, 2),
            (22, 2),
            (25, 2), (7, 2),
        ].flatMap { [Int](repeating: $0.character, count: $0.times) }

    static let legalStages: [UInt16] = [2, 3, 8, 28, 31, 32]

    private static let syllables = ["ka", "mi", "zo", "ri", "ta", "lex", "pu", "ne", "dra", "sho", "vi", "bo"]

    static func name(ofPerson person: Int) -> String {
        var random = SeededGenerator(seed: UInt64(person))
        return (0..<2 + random.below(2)).map { _ in syllables[random.below(12)] }.joined()
    }

    static func connectCode(ofPerson person: Int) -> String {
        "\(name(ofPerson: person).uppercased().prefix(4))#\(100 + person)"
    }

    /// 28 characters, like the account ids of the service.
    static func uid(ofPerson person: Int) -> String {
        var random = SeededGenerator(seed: UInt64(person) &+ 1 << 32)
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        return String((0..<28).map { _ in letters[random.below(62)] })
    }
}
