internal import SystemPackage

/// What became of the files of one content.
struct LinkedContent: Sendable {
    struct Link: Sendable {
        let path: String
        let target: String
        let kind: LinkKind
    }

    struct Remark: Sendable {
        let path: String
        let reason: String
    }

    var links: [Link] = []
    var totals = LinkTotals()
    /// Files that were left for a later run.
    var left: [Remark] = []
    var failures: [Remark] = []
    /// Names that have another file now, and the names of the file that they lead to.
    var named: [SettlingFiles.Named] = []
    /// Files that share their blocks.
    var shared: [FileStatus] = []
    /// Files that have names elsewhere too, so that nothing would be freed.
    var otherNames = 0
    /// Files that could only be hard links.
    var unshared = 0
    /// What ended the run; what is told above was done before.
    var error: (any Error)?
}

/// Links the files of one content on one device.
///
/// All of it blocks.
struct CopyLinker: Sendable {
    let root: LocalRoot
    let options: LinkOptions
    let rootDevice: UInt64

    private static let readOnly: UInt32 = 0o444

    /// A file that was found as the catalog knows it.
    private struct Found {
        let file: CopyGroup.File
        let open: OpenFile
        let directory: OpenFile

        var name: String { String(file.names[0].name) }
        var path: String { file.names[0].string }
    }

    func link(_ group: CopyGroup) -> LinkedContent {
        var content = LinkedContent()
        do {
            if options.isDryRun {
                try plan(group, &content)
            } else if try !shareBlocks(group, &content) {
                if options.allowsHardLinks {
                    try makeLinks(group, &content)
                } else {
                    content.unshared += group.files.count - 1
                }
            }
        } catch {
            content.error = error
        }
        return content
    }

    /// Opens a file if it is still as it was scanned, else tells.
    private func find(_ file: CopyGroup.File, _ content: inout LinkedContent) -> Found? {
        do {
            let directory = try root.directory.parent(of: file.names[0], creating: false)
            let open = try directory.reading(String(file.names[0].name))
            if try open.status().isUnchanged(since: file.status) {
                return Found(file: file, open: open, directory: directory)
            }
            content.left.append(.init(path: file.names[0].string, reason: Self.changed))
        } catch  where error.isNotFound || error.errno == .tooManySymbolicLinkLevels {
            content.left.append(.init(path: file.names[0].string, reason: Self.changed))
        } catch {
            content.failures.append(.init(path: file.names[0].string, reason: Self.reason(error)))
        }
        return nil
    }

    private static let changed = "changed since it was scanned"

    private static func reason(_ error: any Error) -> String {
        (error as? FileError).map { "\($0.errno)" } ?? "\(error)"
    }

    private static func differs(_ other: Found) -> String {
        "its bytes are not those of \(other.path), though both are catalogued alike; verify the folder"
    }

    private static func concernsOneFile(_ error: FileError) -> Bool {
        Placer.concernsOneFile(error)
            || [.improperLink, .readOnlyFileSystem, .notSupported, .textFileBusy].contains(error.errno)
    }

    // MARK: Sharing blocks

    /// False, and nothing done or told, where the file system cannot.
    private func shareBlocks(_ group: CopyGroup, _ told: inout LinkedContent) throws -> Bool {
        var content = told
        var source: Found?
        for file in group.files.filter(\.isShared).prefix(1) + group.files.filter({ !$0.isShared }) {
            guard let other = find(file, &content) else { continue }
            guard let first = source else {
                source = other
                continue
            }
            do {
                switch try other.open.shareBlocks(of: first.open, byteCount: group.copied.size) {
                case .shared:
                    content.links.append(.init(path: other.path, target: first.path, kind: .reflink))
                    content.totals.add(.reflink, bytes: group.copied.size)
                    // Nothing about them has changed; what is written to from now on has other stamps than these.
                    content.shared += [first.file.status, file.status]
                case .differs:
                    content.failures.append(.init(path: other.path, reason: Self.differs(first)))
                case .impossible:
                    if content.links.isEmpty { return false }
                    content.failures.append(.init(path: other.path, reason: "cannot share blocks with \(first.path)"))
                }
            } catch let error as FileError where Self.concernsOneFile(error) {
                content.failures.append(.init(path: other.path, reason: Self.reason(error)))
            }
        }
        told = content
        return true
    }

    // MARK: Hard links

    private func makeLinks(_ group: CopyGroup, _ content: inout LinkedContent) throws {
        var source: Found?
        var linked: [LogicalPath] = []
        defer { if let source { note(linked, of: source, group, &content) } }
        for file in try worthLinking(group, &content) {
            guard let other = find(file, &content) else { continue }
            guard let first = source else {
                // The one sync of the run is of the folder's own file system.
                if file.status.device != rootDevice { try other.open.synchronize() }
                source = other
                continue
            }
            do {
                if try other.open.owner() == first.open.owner() {
                    try link(other, to: first, group, &linked, &content)
                } else {
                    content.failures.append(.init(path: other.path, reason: "belongs to another user or group"))
                }
            } catch let error as FileError where error.errno == .tooManyLinks {
                // ext4 knows 65,000 names of a file.
                note(linked, of: first, group, &content)
                linked = []
                source = other
            } catch let error as FileError where error.errno == .fileExists {
                content.left.append(.init(path: other.path, reason: Self.changed))
            } catch let error as FileError where Self.concernsOneFile(error) {
                content.failures.append(.init(path: other.path, reason: Self.reason(error)))
            }
        }
    }

    /// First the file that stays, then those that become names of it: not one that has names elsewhere, which would go on
    /// taking room.
    private func worthLinking(_ group: CopyGroup, _ content: inout LinkedContent) throws -> [CopyGroup.File] {
        var inside: [CopyGroup.File] = []
        var outside: [CopyGroup.File] = []
        for file in group.files {
            try Task.checkCancellation()
            // One that is gone is told of when it is opened.
            let names = try? root.directory.parent(of: file.names[0], creating: false)
                .linkCount(of: String(file.names[0].name))
            if (names ?? 0) > file.names.count { outside.append(file) } else { inside.append(file) }
        }
        content.otherNames += max(0, outside.count - 1)
        return outside.prefix(1) + inside
    }

    /// Makes all names of a file names of another one.
    private func link(
        _ other: Found,
        to source: Found,
        _ group: CopyGroup,
        _ linked: inout [LogicalPath],
        _ content: inout LinkedContent
    ) throws {
        guard try other.open.hasBytes(of: source.open) else {
            return content.failures.append(.init(path: other.path, reason: Self.differs(source)))
        }
        var known = other.file.status
        for name in other.file.names {
            let placed = try PlacedFile(
                linking: source.name,
                in: source.directory,
                as: name,
                below: root.directory,
                digest: group.copied.digest
            )
            // Giving it a name has changed its time of change, and nothing else.
            guard try isSource(placed.file, source) else {
                return content.left.append(.init(path: source.path, reason: Self.changed))
            }
            guard !other.open.isOpenForWriting(), !placed.file.isOpenForWriting() else {
                return content.left.append(.init(path: name.string, reason: "is open for writing"))
            }
            try placed.file.setMode(Self.readOnly)
            try placed.place(over: .unchanged(known))
            linked.append(name)
            content.links.append(.init(path: name.string, target: source.path, kind: .hardLink))
            // One name less is a change of the file, too.
            known = try other.open.status()
        }
        content.totals.add(.hardLink, bytes: group.copied.size)
    }

    /// Whether a new name leads to the file that was compared, unchanged as far as its size and its time tell.
    private func isSource(_ file: OpenFile, _ source: Found) throws -> Bool {
        let status = try file.status()
        let known = source.file.status
        return status.device == known.device && status.inode == known.inode && status.size == known.size
            && status.mtimeNanoseconds == known.mtimeNanoseconds
    }

    /// The catalog is to know all names of the file that stays: giving it another one has changed its time of change.
    private func note(
        _ linked: [LogicalPath],
        of source: Found,
        _ group: CopyGroup,
        _ content: inout LinkedContent
    ) {
        guard !linked.isEmpty, let status = try? source.open.status() else { return }
        let known = source.file.status
        content.named += (source.file.names + linked).map { path in
            SettlingFiles.Named(
                file: HashedFile(
                    path: path,
                    status: status,
                    hashedAt: status.ctimeNanoseconds,
                    outcome: .content(group.copied.digest, nil)
                ),
                old: nil,
                agreement: Agreement(path: path.string, digest: group.copied.digest, size: group.copied.size),
                forgotten: nil,
                isAsVerified: status.mtimeNanoseconds == known.mtimeNanoseconds && status.size == known.size
            )
        }
    }

    // MARK: Dry runs

    private func plan(_ group: CopyGroup, _ content: inout LinkedContent) throws {
        let path = root.directory.joined(group.files[0].names[0].string)
        let shares = (try? FileSystem(of: path).sharesBlocks) ?? false
        guard shares || options.allowsHardLinks else { return content.unshared += group.files.count - 1 }
        let files =
            shares
            ? group.files.filter(\.isShared).prefix(1) + group.files.filter { !$0.isShared }
            : try worthLinking(group, &content)
        var first: Found?
        for file in files {
            guard let found = find(file, &content) else { continue }
            guard let source = first else {
                first = found
                continue
            }
            let names = shares ? [found.path] : file.names.map(\.string)
            let kind = shares ? LinkKind.reflink : .hardLink
            content.links += names.map { .init(path: $0, target: source.path, kind: kind) }
            content.totals.add(kind, bytes: group.copied.size)
        }
    }
}
