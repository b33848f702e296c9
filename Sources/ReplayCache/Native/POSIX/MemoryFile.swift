internal import CLinux

extension OpenFile {
    /// A file that is in memory alone and goes with this value (memfd_create(2)).
    ///
    /// `name` is for messages.
    static func inMemory(_ name: String) throws(FileError) -> OpenFile {
        let descriptor = unsafe replaycache_memory_file("replaycache")
        guard descriptor >= 0 else { throw FileError.last("hold in memory", name) }
        return OpenFile(descriptor, name)
    }
}
