import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Variables, the files that they name, and those of a pod's first process.
struct EnvironmentVariablesTests {
    @Test(arguments: ["plain", "plain\n", "plain\r\n", "plain\n\n"])
    func lineEndsOfPastingAreTakenAway(_ value: String) throws {
        let settings = FakeSettings(["A": value, "B_FILE": "/run/secrets/b"], files: ["/run/secrets/b": value])
        #expect(try settings.environment.setting("A")?.text == "plain")
        #expect(try settings.environment.credential("B")?.text == "plain")
        #expect(try settings.environment.credential("B")?.name == "B_FILE")
    }

    @Test(arguments: ["", "\n"])
    func emptyIsUnset(_ value: String) throws {
        let environment = FakeSettings(["A": value]).environment
        #expect(try environment.setting("A") == nil)
        #expect(try environment.credential("A") == nil)
    }

    /// Variables that make no sense, and what the error must name.
    struct Broken: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let settings: FakeSettings
        let names: [String]
    }

    @Test(arguments: [
        Broken(
            testDescription: "both",
            settings: FakeSettings(["A": Canary.secret, "A_FILE": "/a"], files: ["/a": Canary.secret]),
            names: ["A", "A_FILE"]
        ),
        Broken(
            testDescription: "absent file",
            settings: FakeSettings(["A_FILE": "/none"]),
            names: ["A_FILE", "/none"]
        ),
        Broken(
            testDescription: "empty file",
            settings: FakeSettings(["A_FILE": "/a"], files: ["/a": "\n"]),
            names: ["A_FILE", "/a"]
        ),
        Broken(
            testDescription: "a secret that was not put in",
            settings: FakeSettings(["A": "{{ RUNPOD_SECRET_\(Canary.secret) }}"]),
            names: ["A", "RunPod console"]
        ),
        Broken(
            testDescription: "the same in a file",
            settings: FakeSettings(["A_FILE": "/a"], files: ["/a": "{{ \(Canary.secret) }}"]),
            names: ["A_FILE"]
        ),
        Broken(
            testDescription: "two lines",
            settings: FakeSettings(["A": "\(Canary.secret)\nX-Header: 1"]),
            names: ["A"]
        ),
    ])
    func whatMakesNoSenseIsNamedAndNotRepeated(_ broken: Broken) async throws {
        let error = try #require(await refusal { _ = try broken.settings.environment.credential("A") })
        #expect(error.code == .configuration)
        #expect(error.isWellFormed)
        for name in broken.names { #expect(error.allText.contains(name)) }
        #expect(!Canary.leaks(Canary.texts(of: error)))
    }

    @Test func aFileThatMayNotBeReadIsNamed() async throws {
        var settings = FakeSettings(["A_FILE": "/run/secrets/a"])
        settings.locked = ["/run/secrets/a"]
        let error = try #require(await refusal { _ = try settings.environment.credential("A") })
        #expect(error.message.contains("/run/secrets/a"))
        #expect(error.cause == "Permission denied")
    }

    @Test(arguments: [true, false])
    func inAPodTheFirstProcessFillsInAndIsNamed(_ isKnownHere: Bool) throws {
        var settings = FakeSettings(["B": "mine"], firstProcess: ["A": "theirs", "B": "theirs"])
        if isKnownHere {
            settings.variables["RUNPOD_POD_ID"] = "x"
        } else {
            settings.firstProcess["RUNPOD_POD_ID"] = "x"
        }
        #expect(try settings.environment.setting("A")?.source == "A of process 1")
        #expect(try settings.environment.setting("B")?.text == "mine")
    }

    @Test func elsewhereTheFirstProcessIsLeftAlone() throws {
        #expect(try FakeSettings(firstProcess: ["A": "theirs"]).environment.setting("A") == nil)
    }

    @Test func theVariablesOfAProcessAreReadAsTheKernelWritesThem() {
        let bytes = Array("A=1\0B=x=y\0\0=z\0C\0D=\0".utf8)
        #expect(EnvironmentVariables.variables(in: bytes) == ["A": "1", "B": "x=y", "": "z", "D": ""])
    }

    @Test func filesAreReadToTheEndAndNotBeyondTheLimit() throws {
        let scratch = try Scratch()
        try Tree.write("0123456789", to: scratch.at("file"))
        #expect(try EnvironmentVariables.readFromDisk(scratch.at("file"), 10).count == 10)
        #expect(throws: FileError.self) { try EnvironmentVariables.readFromDisk(scratch.at("file"), 9) }
        // A file of the kernel says that it is empty.
        #expect(try !EnvironmentVariables.readFromDisk("/proc/self/status", 1 << 16).isEmpty)
    }

    @Test func nothingOfItIsPrinted() {
        let settings = FakeSettings(["A": Canary.secret], firstProcess: ["RUNPOD_POD_ID": "x", "B": Canary.token])
        #expect(!Canary.leaks(Canary.texts(of: settings.environment)))
    }

    /// Keys under several names, and which are taken.
    struct Keys: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let variables: [String: String]
        var firstProcess: [String: String] = [:]
        /// The key id; nil when an error names `missing`.
        var id: String?
        var missing = ""
    }

    @Test(arguments: [
        Keys(testDescription: "seed", variables: ["B2_KEY_ID": "i", "B2_APP_KEY": "k"], id: "i"),
        Keys(
            testDescription: "official",
            variables: ["B2_APPLICATION_KEY_ID": "i", "B2_APPLICATION_KEY": "k"],
            id: "i"
        ),
        Keys(testDescription: "restic", variables: ["B2_ACCOUNT_ID": "i", "B2_ACCOUNT_KEY": "k"], id: "i"),
        Keys(testDescription: "mixed", variables: ["B2_KEY_ID": "i", "B2_APPLICATION_KEY": "k"], id: "i"),
        Keys(
            testDescription: "a whole pair before a mixed one",
            variables: ["B2_KEY_ID": "half", "B2_ACCOUNT_ID": "i", "B2_ACCOUNT_KEY": "k"],
            id: "i"
        ),
        Keys(testDescription: "no key", variables: ["B2_KEY_ID": "i"], missing: "B2_APP_KEY"),
        Keys(testDescription: "no id", variables: ["B2_APPLICATION_KEY": "k"], missing: "B2_APPLICATION_KEY_ID"),
        Keys(
            testDescription: "the pod's",
            variables: ["RUNPOD_POD_ID": "x"],
            firstProcess: ["B2_KEY_ID": "i", "B2_APP_KEY": "k"],
            id: "i"
        ),
        Keys(
            testDescription: "the pod's for the same key id",
            variables: ["RUNPOD_POD_ID": "x", "B2_KEY_ID": "i"],
            firstProcess: ["B2_KEY_ID": "i", "B2_APP_KEY": "k"],
            id: "i"
        ),
        Keys(
            testDescription: "not the pod's for another key id",
            variables: ["RUNPOD_POD_ID": "x", "B2_KEY_ID": "other"],
            firstProcess: ["B2_KEY_ID": "i", "B2_APP_KEY": "k"],
            missing: "B2_APP_KEY"
        ),
    ])
    func aCompleteSetWinsAndHalfASetNamesWhatIsMissing(_ keys: Keys) async throws {
        let environment = FakeSettings(keys.variables, firstProcess: keys.firstProcess).environment
        guard let id = keys.id else {
            let error = try #require(await refusal { _ = try KeyVariables.b2.credentials(environment) })
            #expect(error.code == .configuration)
            #expect(error.message.hasSuffix("but \(keys.missing) is not"))
            return
        }
        let found = try #require(try KeyVariables.b2.credentials(environment))
        #expect(found.accessKeyID == id)
        #expect(found.secretAccessKey == Secret("k"))
        #expect(found.source.contains("process 1") == !keys.firstProcess.isEmpty)
    }

    @Test func aTokenIsNeverAddedToAnotherProcessesKeys() throws {
        let settings = FakeSettings(
            ["RUNPOD_POD_ID": "x", "AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "k"],
            firstProcess: ["AWS_SESSION_TOKEN": "t"]
        )
        #expect(try KeyVariables.aws.credentials(settings.environment)?.sessionToken == nil)
    }
}
