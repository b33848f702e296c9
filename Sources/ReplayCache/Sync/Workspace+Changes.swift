// Removing, looking back, bringing back, and copying.
extension Workspace {
    /// Removes entries of a place.
    ///
    /// Their content stays restorable for 30 days.
    public func remove(at place: Place, options: RemoveOptions) async throws -> SyncSummary {
        try await wrapping("removing at \(place)") {
            try await Remove(context: context, place: place, options: options).run()
        }
    }

    /// What a path held and when, the newest version first.
    public func history(of path: LogicalPath, at place: Place) async throws
        -> (summary: SyncSummary, versions: [VersionRow])
    {
        try await wrapping("reading the history of \(path)") {
            let started = ContinuousClock.now
            var summary = SyncSummary(command: "history")
            let repository = try await context.repository(at: place)
            context.report(repository.warnings, into: &summary)
            let rows = try await History(repository: repository, path: path).run()
            summary.filesSeen = rows.count
            summary.add(repository.remote.meter)
            summary.seconds = (ContinuousClock.now - started).seconds
            return (summary, rows)
        }
    }

    /// Makes older versions current again.
    public func restore(at place: Place, options: RestoreOptions) async throws -> SyncSummary {
        try await wrapping("restoring \(options.path)") {
            try await Restore(context: context, place: place, options: options).run()
        }
    }

    /// Brings what one repository holds to another one, which is created if needed.
    public func copy(_ source: Place, to target: Place, options: CopyOptions = CopyOptions()) async throws
        -> SyncSummary
    {
        try await wrapping("copying \(source)") {
            try await Copy(context: context, source: source, target: target, options: options).run()
        }
    }
}
