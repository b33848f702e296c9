/// Looking after what is stored: verifying, healing, collecting.
extension Workspace {
    /// Reads files of a folder again and compares them with the catalog; with a share, those that were not read for
    /// longest.
    public func verify(_ directory: String, options: VerifyOptions = VerifyOptions()) async throws -> SyncSummary {
        try await wrapping("verifying \(directory)") {
            try await options.selection.explained {
                try await Verify(
                    context: context,
                    directory: directory,
                    sharePercent: options.sharePercent,
                    selection: options.selection
                ).run()
            }
        }
    }

    /// Compares what stands at a place with what its entries, checkpoints and recent history need.
    ///
    /// Costs a request for every thousand objects and one for every large file; with ``VerifyOptions/isDeep`` one for every
    /// object that is read.
    public func verify(_ place: Place, options: VerifyOptions = VerifyOptions()) async throws -> SyncSummary {
        try await wrapping("verifying \(place)") {
            try await RemoteVerify(context: context, place: place, options: options).run()
        }
    }

    /// Frees the space of objects at a place that nothing refers to: removes those that were condemned at least a day ago,
    /// and condemns others.
    ///
    /// In a dry run `row` hears of each object, and nothing is changed.
    public func collectGarbage(
        at place: Place,
        options: GarbageOptions = GarbageOptions(),
        _ row: @escaping @Sendable (GarbageRow) throws -> Void = { _ in }
    ) async throws -> SyncSummary {
        try await wrapping("collecting at \(place)") {
            try await GarbageCollection(context: context, place: place, options: options, row: row).run()
        }
    }
}
