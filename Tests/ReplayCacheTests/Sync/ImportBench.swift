import ReplayCacheTestSupport
import ReplayGenerator
import Synchronization
import Testing

@testable import ReplayCache

/// A machine, a place, and archives that Python, bsdtar and zstd have made.
struct ImportBench {
    let scratch: Scratch
    let laptop: Laptop
    let place: Place

    init() async throws {
        scratch = try Scratch()
        laptop = try await Laptop("laptop", in: scratch)
        place = try scratch.place()
    }

    /// A short game; another `seed` is another game.
    static func game(_ seed: UInt64, character: Int = 2, damage: ReplaySpec.Damage = .none) -> [UInt8] {
        var spec = ReplaySpec(frames: 60, seed: seed)
        spec.players[0].character = character
        spec.damage = damage
        return spec.bytes()
    }

    /// A recording of a game that is known by its match.
    static func recording(match: String, game: UInt32, by seed: UInt64) -> [UInt8] {
        var spec = ReplaySpec(frames: 60, seed: seed)
        spec.isOnline = true
        spec.matchID = match
        spec.gameNumber = game
        return spec.bytes()
    }

    /// Names and bytes of games in the folder `games`, two years old.
    func writeGames(_ names: [String] = ["fox/a.slp", "fox/b.slp", "c.slp"]) throws -> [String: [UInt8]] {
        var games: [String: [UInt8]] = [:]
        for (index, name) in names.enumerated() {
            games[name] = Self.game(UInt64(index))
            try Tree.write(Self.game(UInt64(index)), to: scratch.at("games/\(name)"), modifiedAt: Self.age(index))
        }
        return games
    }

    /// Seconds since 1970, even ones, as zip files have them.
    static func age(_ index: Int) -> Int64 { 1_700_000_000 + 2 * Int64(index) }

    /// Runs Python in the scratch folder.
    func python(_ script: String) async throws {
        let prelude = """
            import gzip, io, lzma, os, struct, subprocess, sys, tarfile, zipfile
            def tree(folder):
                return sorted(os.path.relpath(os.path.join(d, f), folder) for d, _, fs in os.walk(folder) for f in fs)
            def read(path):
                with open(path, 'rb') as f: return f.read()
            def save(path, data):
                with open(path, 'wb') as f: f.write(data)
            def zipped(members, method=zipfile.ZIP_DEFLATED):
                out = io.BytesIO()
                with zipfile.ZipFile(out, 'w', method) as z:
                    for name, data in members: z.writestr(name, data)
                return out.getvalue()
            def tarred(members, mode='w'):
                out = io.BytesIO()
                with tarfile.open(fileobj=out, mode=mode) as t:
                    for name, data in members:
                        info = tarfile.TarInfo(name)
                        info.size = len(data)
                        info.mtime = 1700000000
                        t.addfile(info, io.BytesIO(data))
                return out.getvalue()
            def packed(program, data, *options):
                return subprocess.run([program, *options, '-c'], input=data, stdout=subprocess.PIPE, check=True).stdout
            games = [(n, read('games/' + n)) for n in tree('games')] if os.path.isdir('games') else []

            """
        let result = try await Program.run("python3", ["-c", prelude + script], in: scratch.path)
        try #require(result.code == 0, "\(result.error)")
    }

    /// Imports something in the scratch folder.
    @discardableResult
    func take(
        _ source: String,
        into: String = "replays",
        _ change: (inout ImportOptions) throws -> Void = { _ in }
    ) async throws -> SyncSummary {
        var options = try ImportOptions(into: into)
        try change(&options)
        return try await laptop.workspace.importFiles(of: scratch.at(source), to: place, options: options)
    }

    /// What the place holds: names below `replays`, and digests.
    func held() async throws -> [String: Digest] {
        guard Tree.exists(place.directory) else { return [:] }
        let entries = try await laptop.entries(at: place)
        return Dictionary(uniqueKeysWithValues: entries.map { (String($0.key.dropFirst(8)), $0.value) })
    }

    /// Names and digests of contents.
    static func digests(_ files: [String: [UInt8]]) throws -> [String: Digest] {
        try files.mapValues { try Digest.of($0) }
    }

    /// What was refused so far, and why.
    var refusals: [String: String] {
        var refusals: [String: String] = [:]
        for case .refused(let path, let reason) in laptop.events { refusals[path] = reason }
        return refusals
    }
}
