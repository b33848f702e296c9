/// The stages of Melee by external id: slp-format.md §9.
enum StageTable {
    struct Row {
        let id: Int
        let name: String
        /// What people type, beside the name; compared as ``NameIndex`` folds text.
        var aliases: [String] = []
        /// Whether tournaments play on it.
        var isLegal = false
    }

    static let rows: [Row] = versus + targetTests + other

    private static let versus: [Row] = [
        Row(id: 2, name: "Fountain of Dreams", aliases: ["fod", "fountain"], isLegal: true),
        Row(id: 3, name: "Pokémon Stadium", aliases: ["ps", "stadium", "pstadium", "pokemon"], isLegal: true),
        Row(id: 4, name: "Princess Peach's Castle", aliases: ["peachs castle", "castle"]),
        Row(id: 5, name: "Kongo Jungle", aliases: ["kj"]),
        Row(id: 6, name: "Brinstar"),
        Row(id: 7, name: "Corneria"),
        Row(id: 8, name: "Yoshi's Story", aliases: ["ys", "yoshis"], isLegal: true),
        Row(id: 9, name: "Onett"),
        Row(id: 10, name: "Mute City"),
        Row(id: 11, name: "Rainbow Cruise", aliases: ["rc"]),
        Row(id: 12, name: "Jungle Japes", aliases: ["japes", "jj"]),
        Row(id: 13, name: "Great Bay"),
        Row(id: 14, name: "Hyrule Temple", aliases: ["temple", "hyrule"]),
        Row(id: 15, name: "Brinstar Depths"),
        Row(id: 16, name: "Yoshi's Island", aliases: ["yi"]),
        Row(id: 17, name: "Green Greens", aliases: ["gg"]),
        Row(id: 18, name: "Fourside"),
        Row(id: 19, name: "Mushroom Kingdom I", aliases: ["mushroom kingdom", "mk1"]),
        Row(id: 20, name: "Mushroom Kingdom II", aliases: ["mk2"]),
        Row(id: 22, name: "Venom"),
        Row(id: 23, name: "Poké Floats", aliases: ["floats"]),
        Row(id: 24, name: "Big Blue"),
        Row(id: 25, name: "Icicle Mountain"),
        Row(id: 26, name: "Icetop"),
        Row(id: 27, name: "Flat Zone"),
        Row(
            id: 28,
            name: "Dream Land N64",
            aliases: ["dl", "dreamland", "dl64", "dreamland64", "dream land 64"],
            isLegal: true
        ),
        Row(id: 29, name: "Yoshi's Island N64", aliases: ["yi64", "yoshis island 64"]),
        Row(id: 30, name: "Kongo Jungle N64", aliases: ["kj64", "kongo jungle 64"]),
        Row(id: 31, name: "Battlefield", aliases: ["bf", "battle"], isLegal: true),
        Row(id: 32, name: "Final Destination", aliases: ["fd", "final"], isLegal: true),
    ]

    /// The stages of Break the Targets, ids 33 to 58.
    private static let targetTests: [Row] = [
        "Mario", "Captain Falcon", "Young Link", "Donkey Kong", "Dr. Mario", "Falco", "Fox", "Ice Climbers", "Kirby",
        "Bowser", "Link", "Luigi", "Marth", "Mewtwo", "Ness", "Peach", "Pichu", "Pikachu", "Jigglypuff", "Samus",
        "Sheik", "Yoshi", "Zelda", "Mr. Game & Watch", "Roy", "Ganondorf",
    ].enumerated().map { Row(id: 33 + $0.offset, name: "Target Test (\($0.element))") }

    private static let other: [Row] = [
        Row(id: 82, name: "Race to the Finish"),
        Row(id: 83, name: "Grab the Trophies"),
        Row(id: 84, name: "Home-Run Contest", aliases: ["hrc"]),
        Row(id: 85, name: "All-Star Lobby"),
        Row(id: 285, name: "Multi-Man Melee"),
    ]
}
