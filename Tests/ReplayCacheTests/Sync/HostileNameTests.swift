import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Names that were chosen to do harm.
struct HostileNameTests {
    @Test(
        arguments: [
            "../../etc/passwd", "replays/../../../etc/passwd", "/etc/passwd", "replays//etc/passwd", "replays/..",
            "replays/x/..", "replays/\0", "replays/x\0.slp", "..", ".", "/", "//",
            "replays/" + String(repeating: "n", count: 4000),
            "replays/" + String(repeating: "long/", count: 800) + "x", "replays/./../x",
        ]
    )
    func nothingLeadsOutOfTheDestination(_ path: String) async throws {
        let bench = try await HostileBench()
        let object = try bench.store(Array("planted".utf8))
        try bench.plant([.obj(object), bench.put(path, object)])
        try bench.expectOnlyTheHarmlessFile(try await bench.victim.fetch(from: bench.place))
        #expect(bench.victim.told(.warning).count == 1)
        // Nor for who pushes there, or looks.
        _ = try await bench.author.push(to: bench.place)
        #expect(try await bench.author.entries(at: bench.place).keys.sorted() == ["replays/harmless.txt"])
        try bench.expectSurroundingsUntouched()
    }

    @Test
    func theCollectionItselfIsNoFile() async throws {
        let bench = try await HostileBench()
        let object = try bench.store(Array("planted".utf8))
        try bench.plant([.obj(object), bench.put("replays", object)])
        let summary = try await bench.victim.fetch(from: bench.place)
        #expect(summary.filesPlaced == 1)
        #expect(try bench.victim.files() == ["harmless.txt"])
        try bench.expectSurroundingsUntouched()
    }

    /// On a disk that tells them apart, both are there; on another, one is refused.
    ///
    /// Never does one take the other's place.
    @Test(
        arguments: [
            ["Game.slp", "game.slp", "GAME.slp"], ["caf\u{E9}.slp", "cafe\u{301}.slp"],
            ["\u{212B}.slp", "\u{C5}.slp", "A\u{30A}.slp"], ["stra\u{DF}e.slp", "STRASSE.slp", "strasse.slp"],
            ["folder/x.slp", "Folder/x.slp"], ["fi.slp", "\u{FB01}.slp"], ["a.slp", "a.slp ", "a.slp."],
        ]
    )
    func namesThatLookAlikeStayApart(_ names: [String]) async throws {
        let bench = try await HostileBench()
        for (index, name) in names.enumerated() {
            let object = try bench.store(Array("content \(index)".utf8))
            try bench.plant([.obj(object), bench.put("replays/\(name)", object)])
        }
        for _ in 0..<2 {
            let summary = try await bench.victim.fetch(from: bench.place)
            #expect(summary.filesPlaced + summary.filesFailed + summary.filesInStep >= names.count)
            let found = try bench.victim.files().filter { $0 != "harmless.txt" }
            #expect(found.count + summary.filesFailed + summary.conflicts == names.count)
            for name in found {
                let index = try #require(names.firstIndex { $0.utf8.elementsEqual(name.utf8) })
                #expect(bench.victim.text(name) == "content \(index)")
            }
        }
        // And back: what was fetched is what is there.
        let push = try await bench.victim.push(to: bench.place)
        #expect(push.entriesAdded == 0 && push.objectsUploaded == 0)
    }

    @Test
    func temporaryNamesOfOthersAreNoWayIn() async throws {
        let bench = try await HostileBench()
        let large = try Digest.of(SampleBytes.large(33 << 20))
        let mark = try Digest.of(Array("large.bin".utf8)).short
        // The name that a later fetch of another file would take for its own.
        let name = "\(PlacedFile.temporaryPrefix)\(large.hex)-\(mark)\(PlacedFile.temporarySuffix)"
        let object = try bench.store(Array("planted".utf8))
        let paths = [
            "replays/\(name)", "replays/deep/\(name)", "replays/\(name)/below.txt", "replays/x/.replaycache-clock-1",
        ]
        try bench.plant([.obj(object)] + paths.map { bench.put($0, object) })
        let summary = try await bench.victim.fetch(from: bench.place)
        #expect(summary.filesFailed == paths.count)
        #expect(summary.failure != nil)
        #expect(try bench.victim.files() == ["harmless.txt"])
        #expect(bench.victim.told(.refused).sorted() == paths.sorted())
        try bench.expectSurroundingsUntouched()
    }

    @Test
    func aCheckpointIsKeptInItsFolderToo() async throws {
        let bench = try await HostileBench()
        let object = try bench.store(Array("planted".utf8))
        try bench.plant([.obj(object)])
        for name in ["../../etc/passwd", "/etc/passwd", "x/../../../x", "a\0b"] {
            try bench.plant([
                .ckpt(.init(run: "fox", name: "n", step: 1, files: [.init(name: name, sha256: object.sha256, size: 7)]))
            ])
        }
        let reference = try CheckpointReference("fox")
        await #expect(throws: ReplayCacheError.self) {
            _ = try await bench.victim.workspace.fetchCheckpoint(
                reference,
                from: bench.place,
                into: bench.victim.folder
            )
        }
        #expect(bench.victim.told(.warning).count == 4)
        #expect(try bench.victim.files().isEmpty)
        try bench.expectSurroundingsUntouched()
    }
}
