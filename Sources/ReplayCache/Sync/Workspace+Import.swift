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
}
