import ReplayCacheTestSupport
import Subprocess
import Testing

/// One bad thing is reported and does not hide the others.
struct BadInputTests {
    let sandbox: CommandLineSandbox

    init() async throws {
        sandbox = try CommandLineSandbox()
        try await sandbox.writeLibrary(count: 3)
    }

    @Test func aFileThatCannotBeReadIsNamedAndTheOthersArePushed() async throws {
        #expect(
            try await sandbox.shell("chmod -R a+rwX . && echo secret > slp/locked.slp && chmod 0 slp/locked.slp").status
                == 0
        )
        var configuration = try sandbox.configuration(["push", "slp", "remote"])
        configuration.platformOptions.userID = Self.nobody
        let result = try await sandbox.run(configuration)
        #expect(result.status == 3)
        #expect(result.errors.contains("failed: locked.slp: Permission denied"))
        #expect(result.errors.contains("1 file failed"))
        #expect(try await sandbox.run("ls", "remote", machine: "other").lines.count == 3)
    }

    @Test(arguments: [["--limit", "2"], ["--sample", "2"], ["--unique", "game"]])
    func whatIsDeletedIsNoPartOfADraw(_ flags: [String]) async throws {
        try await sandbox.run("push", "slp", "remote")
        try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        for dry in [["--dry-run"], []] {
            let configuration = try sandbox.configuration(
                ["fetch", "remote", "pod", "--delete"] + flags + dry,
                machine: "pod"
            )
            let result = try await sandbox.run(configuration)
            #expect(result.status == 64)
            #expect(result.errors.contains("--delete does not go with \(flags[0])"), "\(result.errors)")
            #expect(sandbox.files("pod").count { $0.hasSuffix(".slp") } == 3)
        }
    }

    @Test func aFileThatCannotBeReadIsInStepWithNothing() async throws {
        try await sandbox.run("push", "slp", "remote")
        #expect(
            try await sandbox.shell("echo secret > slp/locked.slp && chmod -R a+rwX . && chmod 0 slp/locked.slp").status
                == 0
        )
        var configuration = try sandbox.configuration(["status", "slp", "remote"])
        configuration.platformOptions.userID = Self.nobody
        let result = try await sandbox.run(configuration)
        #expect(result.status == 3)
        #expect(result.lines.first == "4 files here, 3 in step with the remote")
    }

    @Test func aDestinationThatIsNotWritableIsStatus8() async throws {
        try await sandbox.run("push", "slp", "remote")
        #expect(
            try await sandbox.shell("chmod a+rwX . && mkdir pod pod-home && chmod 755 pod && chmod 777 pod-home").status
                == 0
        )
        var configuration = try sandbox.configuration(["fetch", "remote", "pod"], machine: "pod")
        configuration.platformOptions.userID = Self.nobody
        let result = try await sandbox.run(configuration)
        #expect(result.status == 8)
        #expect(result.errors.contains("error: cannot create"))
        #expect(result.errors.contains("Permission denied"))
        #expect(sandbox.files("pod").isEmpty)
    }

    /// Tests that run as root ask as somebody who is not.
    private static let nobody: UInt32 = 65_534

    @Test func aLoopOfLinksIsNotWalkedForever() async throws {
        #expect(try await sandbox.shell("ln -s .. slp/up && ln -s self slp/self").status == 0)
        #expect(try await sandbox.run("push", "slp", "remote").status == 0)
        let followed = try await sandbox.run("scan", "slp", "--follow")
        #expect(followed.errors.contains("failed: "))
    }

    @Test func aNameThatIsNotUTF8IsReportedAndTheRestIsPushed() async throws {
        #expect(try await sandbox.shell(#"touch slp/$'\xff.slp'"#).status == 0)
        let result = try await sandbox.run("push", "slp", "remote")
        #expect(result.status == 3)
        #expect(result.errors.contains("has a name that is not UTF-8: rename it"))
        let dry = try await sandbox.run("push", "slp", "remote", "--dry-run")
        #expect(dry.status == 3)
        #expect(dry.errors.contains("hint: the lines above say why; nothing was changed"))
        #expect(try await sandbox.run("ls", "remote").lines.count == 3)
    }

    @Test func emptyAndRandomReplaysAreCataloguedWithAReason() async throws {
        try sandbox.write("slp/empty.slp", "")
        try sandbox.write("slp/random.slp", (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) })
        #expect(try await sandbox.run("push", "slp", "remote").status == 0)
        try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        #expect(try sandbox.isSameTree("slp", "pod"))
        for name in ["empty.slp", "random.slp"] {
            let row = try await sandbox.run("query", "--path", name, "--json").summary()
            #expect(row["problem"]?.string?.isEmpty == false, "\(name)")
            #expect(row["complete"] == .bool(false))
        }
    }

    @Test func aDamagedSegmentIsReportedAndTheRestIsRead() async throws {
        try await sandbox.run("push", "slp", "remote")
        try sandbox.write("slp/late.slp", "late")
        try await sandbox.run("push", "slp", "remote")
        let segment = try #require(sandbox.files("remote/log").last)
        try sandbox.write("remote/log/\(segment)", "not a segment")
        let result = try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        #expect(result.status == 4)
        #expect(result.errors.contains("warning: log/\(segment)"))
        #expect(sandbox.files("pod").count == 3)
    }

    @Test func aHomeWithTwoSlashesIsAHome() async throws {
        let environment = ["REPLAYCACHE_HOME": "/\(sandbox("odd home #1?"))"]
        #expect(try await sandbox.run("push", "slp", "remote", environment: environment).status == 0)
        let count = try await sandbox.run("sql", "SELECT count(*) AS n FROM entries", environment: environment)
        #expect(count.status == 0, "\(count.errors)")
        #expect(count.lines.last == "3")
        #expect(sandbox.files("odd home #1?").contains("catalog.sqlite"))
    }

    @Test func aRemoteThatIsGoneIsNotMadeAnew() async throws {
        try await sandbox.run("push", "slp", "remote")
        #expect(try await sandbox.shell("rm -r remote").status == 0)
        let result = try await sandbox.run("push", "slp", "remote")
        #expect(result.status == 5)
        #expect(result.errors.contains("is gone"))
        #expect(sandbox.files("remote").isEmpty)
        #expect(try await sandbox.run("push", "slp", "remote", "--new").status == 0)
        try await sandbox.run("fetch", "remote", "pod", machine: "pod")
        #expect(try sandbox.isSameTree("slp", "pod"))
    }

    @Test func anArgumentThatIsNotUTF8IsRefused() async throws {
        let result = try await sandbox.shell(#"cp -r slp $'odd\xff' && replaycache push $'odd\xff' remote"#)
        #expect(result.status == 64)
        #expect(result.errors.contains("not UTF-8"))
        #expect(sandbox.files("remote").isEmpty)
    }

    @Test func aFolderOnAnotherMachineIsNotTakenForALocalOne() async throws {
        let result = try await sandbox.run("push", "slp", "user@host:replays")
        #expect(result.status == 64)
        #expect(result.errors.contains("hint: mount it"))
        #expect(sandbox.files("user@host:replays").isEmpty)
    }

    @Test(arguments: ["push", "status"])
    func aRemoteInFrontOfTheFolderIsTold(_ command: String) async throws {
        let swapped = try await sandbox.run(command, "s3:hub/melee", "slp")
        #expect(swapped.status == 64)
        #expect(
            swapped.errors == """
                error: the folder comes first, and s3:hub/melee is a remote
                hint: write `replaycache \(command) slp s3:hub/melee`

                """
        )
        let alone = try await sandbox.run(command, "rclone:hub:melee")
        #expect(alone.status == 64)
        #expect(alone.errors.contains("hint: write `replaycache \(command) DIR REMOTE`"))
        let secret = try await sandbox.run(command, "https://me:canary@host/x", "slp")
        #expect(secret.status == 64)
        #expect(!secret.errors.contains("canary"))
    }

    @Test func aBucketWithoutItsSchemeIsTold() async throws {
        let result = try await sandbox.run("push", "slp", environment: ["REPLAYCACHE_REMOTE": "hub/melee"])
        #expect(result.status == 5)
        #expect(result.errors.contains("; for a bucket write s3:hub/melee"))
    }

    @Test func keysWithoutABucketAreTold() async throws {
        let keys = ["AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "not-to-be-told"]
        let result = try await sandbox.run("push", "slp", environment: keys)
        #expect(result.status == 5)
        #expect(result.errors.contains("no remote was given: there are keys for AWS, but AWS_BUCKET is not set"))
        #expect(result.errors.contains("hint: name the remote, for example s3:BUCKET/replaycache, or set AWS_BUCKET"))
    }

    @Test func aPatternThatSelectsNothingIsRemarkedOn() async throws {
        let pushed = try await sandbox.run("push", "slp", "remote", "--include", "*.nope", "--include", "x*")
        #expect(pushed.status == 0)
        #expect(pushed.errors.contains("warning: nothing in \(sandbox("slp")) matches \"*.nope\" or \"x*\"\n"))
        #expect(try await sandbox.run("push", "slp", "remote").errors.isEmpty)
        let fetched = try await sandbox.run(
            "fetch",
            "remote",
            "pod",
            "--path",
            "nosuch*",
            "--character",
            "fox",
            "--json",
            machine: "pod"
        )
        #expect(fetched.status == 0)
        let warnings = try fetched.json().filter { $0["event"]?.string == "warning" }
        #expect(
            warnings.compactMap { $0["message"]?.string } == [
                "nothing at \(sandbox("remote")) matches --character Fox --path \"nosuch*\""
            ]
        )
    }

    @Test(arguments: ["5M", "5m", "5MB", "5MB/s", "5MiB", "5MiB/s", "500k", "500K", "0.5G", "2M:20M", "off:5M", "off"])
    func aRateIsReadAsItIsWritten(_ rate: String) async throws {
        #expect(try await sandbox.run("push", "slp", "remote", "--bwlimit", rate, "--dry-run").status == 0)
    }

    @Test(arguments: ["5Mb", "5iB", "fast", "1", "5M:", "1:2:3", "5MM", "-5M", "2000G", "5M/h"])
    func aRateThatIsNoneIsRepeated(_ rate: String) async throws {
        let result = try await sandbox.run("push", "slp", "remote", "--bwlimit=\(rate)", "--dry-run")
        #expect(result.status == 64)
        let shown = rate == "5M:" ? "" : rate == "1:2:3" ? "1" : rate
        #expect(result.errors.contains(", not \"\(shown)\""), "\(result.errors)")
    }

    @Test func aFolderThatIsNoRepositoryIsNamed() async throws {
        let result = try await sandbox.run("ls", "slp")
        #expect(result.status == 5)
        #expect(result.errors.contains("no repository here: slp"))
    }

    @Test func wrongArgumentsAreToldInJSONToo() async throws {
        let result = try await sandbox.run("push", "--json")
        #expect(result.status == 64)
        #expect(result.lines.last?.contains(#""exitCode":64"#) == true)
    }
}
