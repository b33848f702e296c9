/// The characters of Melee: slp-format.md §7 and §8.
enum CharacterTable {
    struct Row {
        /// The id of the character-select screen, used in Game Start events.
        let externalID: Int
        let name: String
        /// The ids of the running game, used in Post-Frame events and in metadata.
        let internalIDs: [UInt8]
        /// What people type, beside the name; compared as ``NameIndex`` folds text.
        let aliases: [String]
    }

    static let rows: [Row] = [
        Row(externalID: 0, name: "Captain Falcon", internalIDs: [2], aliases: ["falcon", "cf", "cfalcon"]),
        Row(externalID: 1, name: "Donkey Kong", internalIDs: [3], aliases: ["dk", "donkey"]),
        Row(externalID: 2, name: "Fox", internalIDs: [1], aliases: ["fox mccloud"]),
        Row(
            externalID: 3,
            name: "Mr. Game & Watch",
            internalIDs: [24],
            aliases: ["g&w", "gnw", "gaw", "game and watch", "game & watch", "mr game and watch"]
        ),
        Row(externalID: 4, name: "Kirby", internalIDs: [4], aliases: []),
        Row(externalID: 5, name: "Bowser", internalIDs: [5], aliases: ["koopa"]),
        Row(externalID: 6, name: "Link", internalIDs: [6], aliases: []),
        Row(externalID: 7, name: "Luigi", internalIDs: [17], aliases: ["weegee"]),
        Row(externalID: 8, name: "Mario", internalIDs: [0], aliases: []),
        Row(externalID: 9, name: "Marth", internalIDs: [18], aliases: []),
        Row(externalID: 10, name: "Mewtwo", internalIDs: [16], aliases: ["m2", "mew2"]),
        Row(externalID: 11, name: "Ness", internalIDs: [8], aliases: []),
        Row(externalID: 12, name: "Peach", internalIDs: [9], aliases: ["princess peach"]),
        Row(externalID: 13, name: "Pikachu", internalIDs: [12], aliases: ["pika"]),
        Row(externalID: 14, name: "Ice Climbers", internalIDs: [10, 11], aliases: ["ics", "ic", "icies", "climbers"]),
        Row(externalID: 15, name: "Jigglypuff", internalIDs: [15], aliases: ["puff", "jiggs", "jigglys", "jiggly"]),
        Row(externalID: 16, name: "Samus", internalIDs: [13], aliases: []),
        Row(externalID: 17, name: "Yoshi", internalIDs: [14], aliases: []),
        Row(externalID: 18, name: "Zelda", internalIDs: [19], aliases: []),
        Row(externalID: 19, name: "Sheik", internalIDs: [7], aliases: ["shiek"]),
        Row(externalID: 20, name: "Falco", internalIDs: [22], aliases: ["bird", "falco lombardi"]),
        Row(externalID: 21, name: "Young Link", internalIDs: [20], aliases: ["yl", "ylink", "yink"]),
        Row(externalID: 22, name: "Dr. Mario", internalIDs: [21], aliases: ["doc", "doctor mario", "drm"]),
        Row(externalID: 23, name: "Roy", internalIDs: [26], aliases: []),
        Row(externalID: 24, name: "Pichu", internalIDs: [23], aliases: []),
        Row(externalID: 25, name: "Ganondorf", internalIDs: [25], aliases: ["ganon", "gdorf"]),
        Row(externalID: 26, name: "Master Hand", internalIDs: [27], aliases: []),
        Row(externalID: 27, name: "Wireframe Male", internalIDs: [29], aliases: ["male wireframe"]),
        Row(externalID: 28, name: "Wireframe Female", internalIDs: [30], aliases: ["female wireframe"]),
        Row(externalID: 29, name: "Giga Bowser", internalIDs: [31], aliases: ["giga"]),
        Row(externalID: 30, name: "Crazy Hand", internalIDs: [28], aliases: []),
        Row(externalID: 31, name: "Sandbag", internalIDs: [32], aliases: []),
        // Popo alone has no internal id of his own: 10 means Ice Climbers.
        Row(externalID: 32, name: "Popo", internalIDs: [], aliases: []),
    ]
}
