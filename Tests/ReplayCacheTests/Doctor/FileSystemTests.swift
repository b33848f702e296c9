import Testing

@testable import ReplayCache

/// What the system tells of file systems.
struct FileSystemTests {
    @Test func theOneOfTheTestsHasANameAndRoom() throws {
        let system = try FileSystem(of: "/tmp")
        #expect(!system.name.isEmpty)
        #expect(system.freeByteCount ?? 1 > 0)
        #expect(system.isNetwork == Machine.isNetworkFileSystem("/tmp"))
    }

    @Test func anUnknownKindIsNamedByItsNumber() throws {
        // PROC_SUPER_MAGIC of linux/magic.h.
        #expect(try FileSystem(of: "/proc").name == "a file system of type 0x9fa0")
        #expect(try FileSystem(of: "/proc").isNetwork == false)
    }

    @Test func aPathThatIsNotThereIsAnError() {
        #expect(throws: FileError.self) { try FileSystem(of: "/proc/absent") }
    }
}
