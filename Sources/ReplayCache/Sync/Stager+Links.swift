internal import SystemPackage

/// `fetch --link`: files of one content are one file with several names, read-only, since a tool that edits one of them in
/// place would change all.
///
/// A file in another folder is only linked to when it is read-only already: nobody asked for a change there. `export --link`
/// asks for it: the folder that is exported to has no files of its own yet.
extension Stager {
    private static let readOnly: UInt32 = 0o444

    /// A new name for a file that has the content: of `first`, which is verified, else of one that the catalog knows.
    ///
    /// Nil when there is none on this file system, or it has as many names as it may have. The names share the times of
    /// the file that was there first.
    func link(
        _ path: LogicalPath,
        _ item: FetchItem,
        to first: StagedFile?,
        _ outcome: inout Outcome
    ) async throws -> PlacedFile? {
        // An empty file has no bytes to share.
        guard item.size > 0 else { return nil }
        if let first {
            let placed = try await BlockingPool.shared.run {
                try makeLink(path, item, to: first.placed.temporaryName, in: first.placed.directory)
            }
            if placed != nil { outcome.linked += 1 }
            return placed
        }
        for copy in try await context.catalog.copies(of: item.digest) {
            let placed = try await BlockingPool.shared.run { () -> PlacedFile? in
                guard let folder = try? OpenFile.directory(copy.root).parent(of: copy.path, creating: false),
                    let status = try? folder.status(of: String(copy.path.name)), status.kind == .regular,
                    status.size == item.size, linksOtherFolders || copy.root == root.path || status.isWritable == false
                else { return nil }
                return try makeLink(path, item, to: String(copy.path.name), in: folder)
            }
            guard let placed else { continue }
            outcome.linked += 1
            outcome.fetched.objectsReused += 1
            return placed
        }
        return nil
    }

    /// Blocks.
    private func makeLink(
        _ path: LogicalPath,
        _ item: FetchItem,
        to name: String,
        in folder: OpenFile
    ) throws -> PlacedFile? {
        let placed: PlacedFile
        do {
            placed = try refusingObstacles(item) {
                try PlacedFile(linking: name, in: folder, as: path, below: root.directory, digest: item.digest)
            }
        } catch let error as FileError where Self.isNoLink(error) {
            return nil
        }
        // Time stamps prove nothing here: another name that was given to the file has changed them.
        guard try placed.file.status().kind == .regular, try Digest.of(placed.file) == (item.digest, item.size) else {
            return nil
        }
        do {
            try placed.file.setMode(Self.readOnly)
        } catch {
            // Somebody else's file, which its owner may write to.
            return nil
        }
        return placed
    }

    /// Whether an error says that the file cannot have another name there.
    private static func isNoLink(_ error: FileError) -> Bool {
        [.improperLink, .tooManyLinks, .notPermitted, .notSupported, .noSuchFileOrDirectory, .permissionDenied]
            .contains(error.errno) && error.operation == "link to"
    }
}
