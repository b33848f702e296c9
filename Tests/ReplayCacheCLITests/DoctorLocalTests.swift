import Glibc
import ReplayCacheTestSupport
import Testing

/// `doctor` on this machine: folders, local state, variables.
struct DoctorLocalTests {
    let sandbox: CommandLineSandbox

    init() throws { sandbox = try CommandLineSandbox() }

    @Test func withoutARemoteOnlyThisMachineIsLookedAt() async throws {
        let found = try await sandbox.diagnose(nil)
        #expect(found.exitStatus == 0)
        #expect(found.checks.compactMap { $0["name"]?.string } == ["home", "catalog", "variables", "remote"])
        #expect(found.status("remote") == "skipped")
        #expect(found.hint("remote").contains("REPLAYCACHE_REMOTE"))
        #expect(sandbox.files("laptop-home").isEmpty)
    }

    @Test func halfASetOfVariablesIsNamed() async throws {
        let settings = ["B2_APP_KEY": "canary-secret-of-a-test", "B2_BUCKET": "fox", "AWS_PROFILE": "melee"]
        let found = try await sandbox.diagnose(nil, environment: settings)
        #expect(found.exitStatus == 5)
        #expect(found.message("variables") == "Backblaze B2: B2_APP_KEY, B2_BUCKET are set, B2_KEY_ID is not")
        #expect(found.message("remote") == "B2_APP_KEY is set, but B2_KEY_ID is not")
    }

    @Test func severalSetsOfVariablesAreNamed() async throws {
        let settings = [
            "B2_KEY_ID": "i", "B2_APP_KEY": "canary-secret-of-a-test", "B2_BUCKET": "fox",
            "AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "canary-secret-of-a-test", "S3_BUCKET": "falco",
        ]
        let found = try await sandbox.diagnose(nil, environment: settings)
        #expect(found.exitStatus == 5)
        #expect(found.message("remote").contains("b2:fox/replaycache, s3:falco/replaycache"))
        #expect(found.checks.filter { $0["name"] == .string("variables") }.count == 2)
    }

    @Test func theDefaultRemoteIsLookedAt() async throws {
        #expect(try await sandbox.shell("mkdir remote").status == 0)
        let found = try await sandbox.diagnose(nil, environment: ["REPLAYCACHE_REMOTE": sandbox("remote")])
        #expect(found.exitStatus == 0)
        #expect(found.message("remote") == "\(sandbox("remote")), from REPLAYCACHE_REMOTE")
        #expect(found.status("delete") == "ok")
    }

    @Test func inAPodItIsSaidWhereVariablesCameFrom() async throws {
        let found = try await sandbox.diagnose(nil, environment: ["RUNPOD_POD_ID": "abc"])
        #expect(found.message("pod").hasPrefix("a RunPod pod; "))
    }

    // MARK: Directories

    @Test func aSoundDirectoryIsFoundSoundAndLeftAsItWas() async throws {
        try sandbox.write("slp/a.slp", "x")
        try await sandbox.run("push", "slp", "remote")
        let before = sandbox.files("remote")
        let found = try await sandbox.diagnose("remote")
        #expect(found.exitStatus == 0, "\(found.text)")
        #expect(found.names("ok").count == found.checks.count)
        #expect(found.message("repository").hasSuffix(", format 1"))
        #expect(found.message("disk").contains(" free"))
        #expect(sandbox.files("remote") == before)
    }

    @Test func aMissingDirectoryIsStatus5() async throws {
        let found = try await sandbox.diagnose("absent")
        #expect(found.exitStatus == 5)
        #expect(found.names("fail") == ["directory"])
        #expect(found.message("put") == "the directory is not usable")
        #expect(found.status("state") == "ok")
    }

    @Test(.enabled(if: getuid() != 0))
    func aDirectoryThatMayOnlyBeReadIsNoFailure() async throws {
        #expect(try await sandbox.shell("mkdir remote && chmod 555 remote").status == 0)
        let found = try await sandbox.diagnose("remote")
        #expect(found.exitStatus == 0, "\(found.text)")
        #expect(found.message("put").hasPrefix("read-only: fetch works, push does not"))
    }

    @Test func aNewerFormatIsRefusedByNumber() async throws {
        try sandbox.write("remote/replaycache.json", #"{"format":2,"repository":"x"}"#)
        let found = try await sandbox.diagnose("remote")
        #expect(found.exitStatus == 5)
        #expect(found.message("repository").contains("format 2"))
        #expect(sandbox.files("remote") == ["replaycache.json"])
    }

    // MARK: Local state

    @Test func aDamagedCatalogIsStatus8AndTheRestIsLookedAtAllTheSame() async throws {
        try sandbox.write("laptop-home/catalog.sqlite", String(repeating: "no database ", count: 500))
        #expect(try await sandbox.shell("mkdir remote").status == 0)
        let found = try await sandbox.diagnose("remote")
        #expect(found.exitStatus == 8, "\(found.text)")
        #expect(found.names("fail") == ["catalog"])
        #expect(found.hint("catalog").contains("move $REPLAYCACHE_HOME aside"))
        #expect(found.status("put") == "ok")
    }

    @Test func aCatalogOfALaterVersionIsStatus5() async throws {
        try await sandbox.run("query", "--local")
        let script = """
            python3 -c 'import sqlite3; sqlite3.connect("laptop-home/catalog.sqlite").execute("PRAGMA user_version=99")'
            """
        #expect(try await sandbox.shell(script).status == 0)
        let found = try await sandbox.diagnose(nil)
        #expect(found.exitStatus == 5, "\(found.text)")
        #expect(found.message("catalog").contains("schema 99"))
    }

    @Test func aHomeThatIsAFileIsStatus8() async throws {
        try sandbox.write("taken", "a file")
        let found = try await sandbox.diagnose(nil, environment: ["REPLAYCACHE_HOME": sandbox("taken")])
        #expect(found.exitStatus == 8, "\(found.text)")
        #expect(found.status("catalog") == "skipped")
    }

    @Test(
        .enabled(if: Surroundings.isRoot && Program.exist("unshare", "mount"), "mounts a read-only disk"),
        arguments: ["disk", "disk/new"]
    )
    func whatIsReadOnlyIsSaidToBe(_ home: String) async throws {
        let script = """
            mkdir disk && unshare -m sh -c '
                mount -t tmpfs -o ro,size=1m none disk || exit 77
                REPLAYCACHE_HOME=$PWD/\(home) replaycache doctor disk'
            """
        let result = try await sandbox.shell(script)
        guard result.status != 77 else { return }  // A container without the right to mount.
        #expect(result.status == 8, "\(result.output) \(result.errors)")
        let home = try #require(result.lines.first { $0.hasPrefix("fail home ") })
        #expect(home.hasSuffix(": Read-only file system"), "\(home)")
        let put = try #require(result.lines.first { $0.hasPrefix("warn put ") })
        #expect(put.contains("read-only: fetch works, push does not (cannot create "), "\(put)")
        #expect(put.hasSuffix(": Read-only file system)"), "\(put)")
    }

    // MARK: What people read

    @Test func peopleReadALineACheckAndWhatToDo() async throws {
        let result = try await sandbox.run("doctor", "absent")
        #expect(result.status == 5)
        #expect(result.lines.first?.hasPrefix("ok   home          \(sandbox("laptop-home")) (to be made) on ") == true)
        #expect(result.lines.contains { $0.hasPrefix("fail directory     no repository here: ") })
        #expect(result.lines.contains { $0.hasPrefix("     hint: check the path and that the disk is mounted") })
        #expect(result.lines.contains("skip put           the directory is not usable"))
        #expect(result.lines.last?.hasSuffix(" ok, 0 to look at, 1 failed, 7 skipped") == true)
        #expect(result.errors.hasPrefix("error: 1 of 12 checks failed, first of all \"directory\"\nhint: "))
        let quiet = try await sandbox.run("doctor", "absent", "--quiet")
        #expect(quiet.lines.count == 2)
    }
}
