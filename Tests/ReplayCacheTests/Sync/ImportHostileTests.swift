import ReplayCacheTestSupport
import ReplayGenerator
import Testing

@testable import ReplayCache

/// Archives that are damaged, or made to do harm: what is wrong is refused by itself, and nothing is half imported.
@Suite(.enabled(if: Program.exist("python3", "bsdtar", "zstd")))
struct ImportHostileTests {
    let bench: ImportBench

    init() async throws { bench = try await ImportBench() }

    /// An archive in which all is well but one thing.
    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        let script: String
        /// Names that are refused, and a piece of the reason.
        let refused: [String: String]
        var taken = ["c.slp", "fox/a.slp", "fox/b.slp"]
        var isDamage = false

        var testDescription: String { name }
    }

    private static func zip(_ name: String, _ member: String, _ refused: [String: String]) -> Sample {
        Sample(
            name: "\(name).zip",
            script: "save('\(name).zip', zipped([(\(member), b'x' * 100)] + games))",
            refused: refused
        )
    }

    private static func tar(_ name: String, _ header: String, _ refused: [String: String]) -> Sample {
        let script = """
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode='w') as t:
                info = tarfile.TarInfo('bad')
                \(header)
                t.addfile(info)
                for name, data in games:
                    info = tarfile.TarInfo(name)
                    info.size = len(data)
                    t.addfile(info, io.BytesIO(data))
            save('\(name).tar', out.getvalue())
            """
        return Sample(name: "\(name).tar", script: script, refused: refused)
    }

    private static let odd = [
        zip("absolute", "'/etc/x.slp'", ["/etc/x.slp": "absolute"]),
        zip("up", "'a/../../x.slp'", ["a/../../x.slp": "leads out"]),
        zip("control", "'a\\x1b[2Jb.slp'", ["a\u{1B}[2Jb.slp": "control characters"]),
        zip("long", "'n' * 300 + '.slp'", [String(repeating: "n", count: 300) + ".slp": "255 bytes"]),
        zip("case", "'FOX/A.slp'", ["fox/a.slp": "only in case"]).taking(["FOX/A.slp", "c.slp", "fox/b.slp"]),
        Sample(
            name: "accent.zip",
            script:
                "save('accent.zip', zipped([('e\\u0301.slp', b'1' * 100), ('\\u00e9.slp', b'2' * 100)] + games))",
            refused: ["\u{e9}.slp": ""],
            taken: ["\u{e9}.slp", "c.slp", "fox/a.slp", "fox/b.slp"]
        ),
        Sample(
            name: "twice.zip",
            script: "import warnings; warnings.simplefilter('ignore')\n"
                + "save('twice.zip', zipped(games + [('c.slp', b'x' * 100)]))",
            refused: ["c.slp": "twice"]
        ),
        Sample(
            name: "encrypted.zip",
            script: """
                data = bytearray(zipped([('secret.slp', b'x' * 100)] + games))
                # The flag of the first member, in its own header and in the directory.
                data[6] |= 1
                data[data.find(b'PK\\x01\\x02') + 8] |= 1
                save('encrypted.zip', bytes(data))
                """,
            refused: ["secret.slp": "encrypted"]
        ),
        tar("link", "info.type = tarfile.SYMTYPE; info.linkname = '/etc/passwd'", ["bad": "symbolic link"]),
        tar("hard", "info.type = tarfile.LNKTYPE; info.linkname = '../../etc/passwd'", ["bad": "hard link"]),
        tar("device", "info.type = tarfile.CHRTYPE; info.devmajor = 1; info.devminor = 3", ["bad": "no regular file"]),
        tar("pipe", "info.type = tarfile.FIFOTYPE", ["bad": "no regular file"]),
        Sample(
            name: "litter.zip",
            script: "save('litter.zip', zipped([('__MACOSX/fox/._a.slp', b'x'), ('.DS_Store', b'x')] + games))",
            refused: [:]
        ),
        Sample(
            name: "latin.zip",
            // A name in the character set of its writer.
            script: """
                data = zipped([('ABCD.slp', b'x' * 100)] + games)
                save('latin.zip', data.replace(b'ABCD.slp', b'\\x83A\\xe9D.slp'))
                """,
            refused: [:],
            taken: ["%83A%E9D.slp", "c.slp", "fox/a.slp", "fox/b.slp"]
        ),
        Sample(
            name: "crc.zip",
            script: """
                data = bytearray(zipped([('bad.slp', bytes(range(200)))] + games, zipfile.ZIP_STORED))
                data[100] ^= 1
                save('crc.zip', bytes(data))
                """,
            refused: ["bad.slp": "checksum"],
            isDamage: true
        ),
        Sample(
            name: "size.zip",
            script: """
                data = bytearray(zipped([('bad.slp', b'x' * 1000)] + games))
                # It claims in both places to have 999 bytes.
                at = data.find(b'PK\\x01\\x02')
                data[22:26] = data[at + 24:at + 28] = struct.pack('<I', 999)
                save('size.zip', bytes(data))
                """,
            refused: ["bad.slp": ""],
            isDamage: true
        ),
        Sample(
            name: "inner.zip",
            script: "save('inner.zip', zipped([('july.zip', zipped(games)[:50])] + games))",
            refused: ["july/c.slp": "", "july.zip": "cut short"],
            isDamage: true
        ),
        // Every member is whole, and the directory behind them is not: whether there were more cannot be known.
        Sample(
            name: "cut.zip",
            script: "data = zipped(games); save('cut.zip', data[:-1])",
            refused: ["cut.zip": "no directory"],
            isDamage: true
        ),
        Sample(name: "none.zip", script: "save('none.zip', b'no archive at all' * 10)", refused: ["none.zip": ""])
            .taking([]).damaged,
        Sample(name: "empty.7z", script: "save('empty.7z', b'')", refused: ["empty.7z": ""]).taking([]).damaged,
        Sample(
            name: "gzip.slp.gz",
            script: "d = bytearray(gzip.compress(os.urandom(5000))); d[2000] ^= 1; save('gzip.slp.gz', bytes(d))",
            refused: ["gzip.slp": "checksum"]
        ).taking([]).damaged,
    ]

    @Test(arguments: odd)
    func whatIsOddIsRefusedAndTheRestGoesOn(_ sample: Sample) async throws {
        _ = try bench.writeGames()
        try await bench.python(sample.script)
        let summary = try await bench.take(sample.name)
        #expect(try await bench.held().keys.sorted() == sample.taken.sorted())
        #expect(Set(bench.refusals.keys) == Set(sample.refused.keys))
        for (name, reason) in sample.refused {
            #expect(bench.refusals[name]?.contains(reason) ?? false, "\(bench.refusals)")
        }
        #expect(summary.filesFailed == sample.refused.count)
        let code: ReplayCacheError.Code? = sample.refused.isEmpty ? nil : sample.isDamage ? .integrity : .partial
        #expect(summary.failure?.code == code)
    }

    /// Archives whose formats have checksums of what is in them.
    private static let checked = [
        ("dump.zip", "save('dump.zip', zipped(games))"),
        ("stored.zip", "save('stored.zip', zipped(games, zipfile.ZIP_STORED))"),
        (
            "dump.7z",
            "subprocess.run(['bsdtar', '--format=7zip', '-cf', '../dump.7z', *tree('games')], cwd='games', check=True)"
        ),
        ("inner.zip", "save('inner.zip', zipped([('july.zip', zipped(games))]))"),
    ]

    @Test(arguments: checked)
    func whateverIsDamagedNoEntryHasOtherBytesThanAMember(_ sample: (name: String, script: String)) async throws {
        let members = Set(try ImportBench.digests(try bench.writeGames()).values)
        try await bench.python(sample.script)
        let whole = try Tree.read(bench.scratch.at(sample.name))
        var random = SeededGenerator(seed: 11)
        for round in 0..<60 {
            var bytes = whole
            if round % 3 == 0 {
                bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
            } else {
                bytes[Int.random(in: bytes.indices, using: &random)] ^=
                    UInt8(1) << UInt8.random(in: 0...7, using: &random)
            }
            try Tree.write(bytes, to: bench.scratch.at(sample.name))
            try await bench.take(sample.name, into: "replays/\(round)")
        }
        let held = try await bench.held()
        #expect(members.isSuperset(of: held.values), "\(held)")
        #expect(!held.isEmpty)
    }

    @Test(arguments: [
        ("bomb.zip", "save('bomb.zip', zipped([('bad.slp', bytes(30 << 20))] + games))"),
        ("stored.zip", "save('stored.zip', zipped([('in.zip', zipped([('bad.slp', bytes(30 << 20))]))] + games))"),
        ("bomb.tar.xz", "save('bomb.tar.xz', tarred(games + [('bad.slp', bytes(30 << 20))], 'w:xz'))"),
        (
            "deep.zip",
            "data = bytes(30 << 20)\nfor n in range(3): data = zipped([('in.zip' if n else 'bad.slp', data)])\n"
                + "save('deep.zip', zipped(games + [('deep.zip', data)]))"
        ),
    ])
    func aBombIsGivenUpEarly(_ sample: (name: String, script: String)) async throws {
        let games = try bench.writeGames()
        try await bench.python(sample.script)
        let summary = try await bench.take(sample.name) {
            $0.limits.ratio = 20
            $0.limits.harmlessByteCount = 1 << 20
        }
        #expect(bench.refusals.values.contains { $0.contains("bomb") })
        #expect(summary.failure?.code == .partial)
        let held = try await bench.held()
        #expect(held.keys.allSatisfy { games[$0] != nil })
        // The members of a zip are found without what is before them, also behind an archive that is a bomb.
        if sample.name.hasSuffix(".zip") { #expect(held.count == games.count) }
    }

    /// Each member begins with the header of the next one and goes on as that does, so that a few bytes are unpacked many
    /// times, with other contents each time.
    @Test func membersThatLieInOneAnotherAreABomb() async throws {
        try await bench.python(
            """
            import random, zlib
            random.seed(1)
            pack = zlib.compressobj(9, zlib.DEFLATED, -15)
            data = b''.join(random.randbytes(60) + bytes(600) for _ in range(2000))
            body, count = pack.compress(data) + pack.flush(), 100
            crc, size, inner = zlib.crc32(data), len(data), b''
            headers = []
            for n in reversed(range(count)):
                if inner:
                    quote = struct.pack('<BHH', 0, len(inner), len(inner) ^ 0xffff)
                    crc, size = zlib.crc32(inner + data), len(inner) + size
                    data, body = inner + data, quote + inner + body
                name = b'%03d.bin' % n
                inner = struct.pack('<4s5H3I2H', b'PK\\x03\\x04', 20, 0, 8, 0, 33, crc, len(body), size, len(name), 0) + name
                headers.append((name, crc, len(body), size, len(inner) + len(body)))
            out, directory = inner + body, b''
            for name, crc, packed, size, fromEnd in reversed(headers):
                directory += struct.pack('<4s6H3I5H2I', b'PK\\x01\\x02', 20, 20, 0, 8, 0, 33, crc, packed, size, len(name),
                                         0, 0, 0, 0, 0, len(out) - fromEnd) + name
            end = struct.pack('<4s4H2IH', b'PK\\x05\\x06', 0, 0, count, count, len(directory), len(out), 0)
            save('overlap.zip', out + directory + end)
            """
        )
        let summary = try await bench.take("overlap.zip") {
            $0.limits.ratio = 20
            $0.limits.harmlessByteCount = 1 << 20
        }
        #expect(bench.refusals.values.contains { $0.contains("bomb") })
        // Each of them unpacks to some ten times its size, and all together to a thousand times.
        #expect((1..<5).contains(summary.entriesAdded), "\(summary.entriesAdded)")
    }

    @Test func anArchiveThatChangesWhileItIsReadIsGivenUp() async throws {
        let games = try bench.writeGames()
        try await bench.python("save('dump.tar', tarred(games))")
        let archive = try OpenFile.reading(bench.scratch.at("dump.tar"))
        let tools = ArchiveTools(
            "dump.tar",
            try ImportOptions(),
            budget: AsyncSemaphore(capacity: 64 << 20),
            folder: try OpenFile.directory(bench.scratch.path)
        )
        var reading = try ArchiveImport(archive, name: "dump.tar", prefix: "", mtime: 1, isNamed: true, tools)
        guard case .file(let first)? = try await reading.next() else {
            Issue.record("the first game was not read")
            return
        }
        #expect(games[first.name] != nil)
        first.giveBack()
        // A tar has no checksums of its members.
        try Tree.write(
            Array(try Tree.read(bench.scratch.at("dump.tar")).map { $0 ^ 1 }),
            to: bench.scratch.at("dump.tar")
        )
        guard case .refused(let name, let reason, _)? = try await reading.next() else {
            Issue.record("a game was read from an archive that had changed")
            return
        }
        #expect(name == "dump.tar" && reason.contains("changed while it was read"))
        #expect(try await reading.next() == nil)
    }

    @Test func archivesInArchivesHaveAnEnd() async throws {
        _ = try bench.writeGames(["a.slp"])
        try await bench.python(
            """
            data = games[0][1]
            for n in range(6): data = zipped([('in.zip' if n else 'a.slp', data)])
            save('deep.zip', data)
            """
        )
        let summary = try await bench.take("deep.zip")
        #expect(summary.failure?.code == .partial)
        #expect(bench.refusals.values.contains { $0.contains("no more are opened") })
        #expect(try await bench.held().isEmpty)
        #expect(try await bench.take("deep.zip") { $0.limits.depth = 6 }.entriesAdded == 1)
    }

    @Test func aReplayOfImplausibleLengthIsRefused() async throws {
        _ = try bench.writeGames()
        try await bench.python("save('dump.tar', tarred([('huge.slp', os.urandom(300000))] + games))")
        let summary = try await bench.take("dump.tar") { $0.limits.replayByteCount = 200_000 }
        #expect(summary.filesFailed == 1)
        #expect(bench.refusals["huge.slp"]?.contains("the most") == true)
        #expect(try await bench.held().count == 3)
    }

    /// A packed tar has one checksum, at its end, and what is in it has none: all of it or nothing.
    @Test(
        arguments: [
            ("dump.tar.gz", "data = bytearray(tarred(games, 'w:gz'))"),
            ("dump.tar.xz", "data = bytearray(tarred(games, 'w:xz'))"),
            ("dump.tar.zst", "data = bytearray(packed('zstd', tarred(games)))"),
            ("in.zip", "data = bytearray(tarred(games, 'w:gz'))"),
        ],
        ["data = data[:len(data) * 2 // 3]", "data[-6] ^= 1", "data[len(data) // 2] ^= 1"]
    )
    func ofADamagedPackedTarNothingIsImported(_ sample: (name: String, script: String), damage: String) async throws {
        _ = try bench.writeGames()
        let saving = sample.name == "in.zip" ? "zipped([('in.tar.gz', bytes(data))])" : "bytes(data)"
        try await bench.python("\(sample.script)\n\(damage)\nsave('\(sample.name)', \(saving))")
        let summary = try await bench.take(sample.name)
        #expect(summary.failure?.code == .integrity)
        #expect(summary.filesFailed == 1)
        #expect(try await bench.held().isEmpty)
    }
}

extension ImportHostileTests.Sample {
    func taking(_ names: [String]) -> Self {
        var sample = self
        sample.taken = names
        return sample
    }

    var damaged: Self {
        var sample = self
        sample.isDamage = true
        return sample
    }
}
