extension Workspace {
    /// Writes the files that a selection of a place means somewhere else, as they were pushed: into a folder, a bucket, or an
    /// archive.
    ///
    /// What is written is no repository and no root: nothing of it is remembered. In a folder or a bucket what is there
    /// already is passed over, so that the same call continues an interrupted one; an archive is written anew.
    public func export(from place: Place, to destination: ExportDestination, options: ExportOptions? = nil) async throws
        -> SyncSummary
    {
        try await wrapping("exporting") {
            let options = try options ?? ExportOptions()
            return try await Export(context: context, place: place, destination: destination, options: options).run()
        }
    }
}
