/// Taking over what was kept in other ways.
extension Workspace {
    /// Brings the files of a folder or an archive into a repository, which is created in an empty or absent place.
    ///
    /// Reads everything once and keeps nothing on this machine; what is there already is not sent. The source is left as it
    /// is. An interrupted import continues when it is called again.
    public func importFiles(of source: String, to place: Place, options: ImportOptions? = nil) async throws
        -> SyncSummary
    {
        try await wrapping("importing \(source)") {
            let options = try options ?? ImportOptions()
            return try await Import(context: context, source: source, place: place, options: options).run()
        }
    }

    /// Brings the files of a bucket, or of a prefix of one, into a repository: paths are keys, as rclone lays them out.
    ///
    /// Where the server holds both, it copies what is at most 32 MiB itself, as it is; ``ImportOptions/recodes`` sends it
    /// encoded instead. An object that was imported and is unchanged is not read again. A key that may only read is enough
    /// for the source. A dry run reads nothing but the listing.
    public func importFiles(of source: Place, to place: Place, options: ImportOptions? = nil) async throws
        -> SyncSummary
    {
        if let folder = source.localDirectory { return try await importFiles(of: folder, to: place, options: options) }
        return try await wrapping("importing \(source)") {
            let options = try options ?? ImportOptions()
            var work = Import(context: context, source: "\(source)", place: place, options: options)
            work.bucket = source
            return try await work.run()
        }
    }
}
