import Testing

@testable import ReplayCache

/// Names of characters and stages as people write them.
struct NameTests {
    @Test(arguments: [
        ("fox", 2), ("FALCON", 0), ("Captain Falcon", 0), ("dk", 1), ("g&w", 3), ("GnW", 3), ("game_and_watch", 3),
        ("Mr. Game & Watch", 3), ("m2", 10), ("ics", 14), ("Ice-Climbers", 14), ("puff", 15), ("jiggs", 15),
        ("pika", 13), ("yl", 21), ("ylink", 21), ("doc", 22), ("dr mario", 22), ("ganon", 25), ("sheik", 19),
    ])
    func characterIsFoundByNickname(_ text: String, _ id: Int) {
        #expect(MeleeCharacter(name: text)?.rawValue == id)
    }

    @Test(arguments: [
        ("fod", 2), ("fountain", 2), ("ps", 3), ("Pokemon Stadium", 3), ("pokémon stadium", 3), ("stadium", 3),
        ("ys", 8), ("yoshis", 8), ("yoshi's story", 8), ("dl", 28), ("dreamland", 28), ("Dream Land N64", 28),
        ("bf", 31), ("fd", 32), ("final_destination", 32), ("Target Test (Donkey Kong)", 36), ("kongo jungle", 5),
    ])
    func stageIsFoundByNickname(_ text: String, _ id: Int) {
        #expect(Stage(name: text)?.rawValue == id)
    }

    /// Three numberings collide (slp-format.md §8).
    @Test(arguments: ["2", "10", "", "  ", "&", "nobody"])
    func bareNumbersAndNonsenseNameNothing(_ text: String) {
        #expect(MeleeCharacter(name: text) == nil)
        #expect(Stage(name: text) == nil)
    }

    @Test
    func everyNameFindsItsOwnIdAndNoAliasIsTakenTwice() {
        for character in MeleeCharacter.all { #expect(MeleeCharacter(name: character.name) == character) }
        for stage in Stage.all { #expect(Stage(name: stage.name) == stage) }
        for row in CharacterTable.rows {
            for alias in row.aliases { #expect(MeleeCharacter(name: alias)?.rawValue == row.externalID, "\(alias)") }
        }
        for row in StageTable.rows {
            for alias in row.aliases { #expect(Stage(name: alias)?.rawValue == row.id, "\(alias)") }
        }
    }

    @Test
    func tableRowsStandAtTheirIds() {
        #expect(CharacterTable.rows.map(\.externalID) == Array(0...32))
        #expect(Set(StageTable.rows.map(\.id)).count == StageTable.rows.count)
        #expect(Stage.all.filter(\.isLegal).map(\.rawValue) == [2, 3, 8, 28, 31, 32])
    }

    @Test(arguments: [
        ("marht", "Marth"), ("mewto", "Mewtwo"), ("jigly", "Jigglypuff"), ("fx", "Fox"), ("sam", "Samus"),
    ])
    func aMisspeltCharacterIsSuggested(_ text: String, _ name: String) {
        #expect(MeleeCharacter.suggestions(for: text).first == name)
    }

    @Test
    func suggestionsAreFewAndNoneForNonsense() {
        #expect(Stage.suggestions(for: "batlefield") == ["Battlefield"])
        #expect(Stage.suggestions(for: "xqzwvv").isEmpty)
        #expect(Stage.suggestions(for: "").isEmpty)
        #expect(MeleeCharacter.suggestions(for: "ma").count <= 3)
    }

    @Test
    func unknownIdsHaveANumberForAName() {
        #expect(MeleeCharacter(rawValue: 77).name == "character 77")
        #expect(MeleeCharacter(rawValue: -1).name == "character -1")
        #expect(Stage(rawValue: 162).name == "stage 162")
    }

    @Test(arguments: [(UInt8(10), 14), (11, 14), (22, 20), (5, 5), (18, 9), (7, 19), (19, 18), (1, 2), (32, 31)])
    func internalIdsMapToExternalOnes(_ id: UInt8, _ external: Int) {
        #expect(MeleeCharacter(internalID: id)?.rawValue == external)
        #expect(MeleeCharacter(internalID: 33) == nil)
    }
}
