/// The files in an archive, and in the archives in it, as items of an import, in the order in which they are stored.
///
/// Only what is being read is unpacked: an archive inside an archive is read as the stream that comes out of the outer one.
/// A 7z can only be read from its end, and a packed tar is checked before it is read, so one of those that is inside another
/// archive waits in a file without a name, packed.
struct ArchiveImport: Sendable {
    private let tools: ArchiveTools
    private let file: OpenFile
    /// As the archive was before any of it was read.
    private let status: FileStatus
    private var levels: [ArchiveLevel] = []
    /// Whether it was told that the archive changes.
    private var hasTold = false

    /// Begins to read `file`, which the user, or a folder, calls `name`; members go below `prefix`.
    ///
    /// Blocks. `isNamed` when the user points at it.
    init(_ file: OpenFile, name: String, prefix: String, mtime: Int64, isNamed: Bool, _ tools: ArchiveTools) throws {
        self.tools = tools
        self.file = file
        status = try SourceError.tagging { try file.status() }
        let input = ArchiveTools.Input.file(tools.meter.watching(file))
        do {
            levels = [try tools.open(input, name: name, prefix: prefix, mtime: mtime, isNamed: isNamed)]
        } catch {
            guard let refusal = Self.refusal(for: error) else { throw error }
            throw refusal
        }
    }

    /// What is packed in `file` alone.
    ///
    /// Blocks.
    static func unpack(
        _ file: any ByteSource,
        name: String,
        for path: LogicalPath,
        _ tools: ArchiveTools
    ) throws -> SpooledContent {
        do {
            let input = ArchiveTools.Input.file(tools.meter.watching(file))
            let level = try tools.open(input, name: name, prefix: "", mtime: 0, isNamed: false)
            guard case .single(let stream) = level.source else { throw ImportRefusal(reason: "is an archive") }
            return try tools.spool(stream, maximum: tools.limits.maximum(for: path))
        } catch {
            guard let refusal = refusal(for: error) else { throw error }
            throw refusal
        }
    }

    /// What is told of an archive that cannot be read; nil when the error is not about that.
    private static func refusal(for error: any Error) -> ImportRefusal? {
        switch error {
        case let error as ArchiveError: ImportRefusal(reason: error.description, isDamage: !error.isEncryption)
        case let error as SlpzError: ImportRefusal(reason: "cannot be unpacked: \(error)", isDamage: true)
        case let error as SpoolOverflow: ImportRefusal(reason: error.description)
        case let error as UnpackMeter.Exceeded: ImportRefusal(reason: error.description)
        default: nil
        }
    }

    private struct Step: Sendable {
        let item: ImportItem?
        let rest: ArchiveImport
    }

    /// The next item; nil at the end.
    mutating func next() async throws -> ImportItem? {
        let room = Spool.memoryByteCount
        try await tools.budget.enter(room)
        let step: Step
        do {
            step = try await BlockingPool.shared.run { [self] in
                var rest = self
                let item = try rest.step()
                return Step(item: item, rest: rest)
            }
        } catch {
            tools.budget.leave(room)
            throw error
        }
        self = step.rest
        var item = step.item
        guard case .file(var candidate)? = item, case .read(var content) = candidate.content else {
            tools.budget.leave(room)
            return item
        }
        let weight = min(content.memoryByteCount, room)
        tools.budget.leave(room - weight)
        content.lease = SpoolLease(weight, of: tools.budget)
        candidate.content = .read(content)
        item = .file(candidate)
        return item
    }

    /// Blocks.
    ///
    /// Looks at the archive after each file that came out of it: a tar has no checksums, so that one which is written to
    /// while it is read would give a file that nobody packed.
    private mutating func step() throws -> ImportItem? {
        let item = try unchecked()
        if case .refused? = item { return item }
        guard try SourceError.tagging({ try isUnchanged() }) else {
            // Told once: what is left is not read.
            guard !(item == nil && hasTold) else { return nil }
            hasTold = true
            levels = []
            let reason = "changed while it was read; what was read before is imported"
            return .refused(name: tools.name, reason: reason, isDamage: false)
        }
        return item
    }

    private func isUnchanged() throws -> Bool {
        let now = try file.status()
        return now.size == status.size && now.mtimeNanoseconds == status.mtimeNanoseconds
    }

    private mutating func unchecked() throws -> ImportItem? {
        while let level = levels.last {
            do {
                switch level.source {
                case .single(let stream):
                    levels.removeLast()
                    return try file(level.prefix, stream, size: nil, mtime: level.mtime)
                case .members(let reader):
                    guard let member = try reader.next() else {
                        levels.removeLast()
                        try checkEnd()
                        continue
                    }
                    if let item = try take(member, of: reader, level) { return item }
                }
            } catch {
                guard let refusal = Self.refusal(for: error) else { throw error }
                let name = leave(level, after: error)
                let reason = refusal.reason + (level.hasMembers ? "; what was read before is imported" : "")
                return .refused(name: name, reason: reason, isDamage: refusal.isDamage)
            }
        }
        return nil
    }

    /// Gives up an archive that cannot be read further, and those that are in it; returns the name to tell.
    private mutating func leave(_ level: ArchiveLevel, after error: any Error) -> String {
        guard error is UnpackMeter.Exceeded else {
            levels.removeAll { $0.depth >= level.depth }
            return level.name
        }
        guard levels.count > 1, findsMembers else {
            levels = []
            return tools.name
        }
        // Whatever it was in goes on without the member that all of it came from.
        let bomb = levels[1]
        levels.removeSubrange(1...)
        tools.meter.goBack(to: bomb.mark)
        return bomb.name
    }

    /// Whether the members of the outermost archive are found without unpacking those before them, as those of a zip.
    private var findsMembers: Bool {
        if case .members(let reader)? = levels.first?.source { reader.format == .zip } else { false }
    }

    /// The rest of what an inner archive was read from, behind its own end: only so the outer one looks at its checksum.
    private func checkEnd() throws {
        guard let level = levels.last, case .members(let reader) = level.source else { return }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try reader.read(into: &buffer)
            if count == 0 { return }
            try tools.meter.note(produced: count)
        }
    }

    /// What becomes of a member; nil when the archive in it was entered.
    private mutating func take(
        _ member: ArchiveMember,
        of reader: ArchiveReader,
        _ level: ArchiveLevel
    ) throws -> ImportItem? {
        levels[levels.count - 1].hasMembers = true
        guard let bytes = member.name else {
            return .refused(name: level.name, reason: "has a member whose name cannot be read", isDamage: false)
        }
        guard member.kind != .directory else { return .passedOver }
        let name = level.prefix + ImportNaming.text(of: bytes)
        let packing = Packing.of(name)
        let isOpened = packing.packing != .none && member.kind == .file && !tools.keepsArchives
        if !isOpened {
            switch tools.naming.placement(of: name) {
            case .path: break
            case .passedOver: return .passedOver
            case .refused(let reason): return .refused(name: name, reason: reason, isDamage: false)
            }
        }
        switch member.kind {
        case .symbolicLink: return .refused(name: name, reason: "is a symbolic link", isDamage: false)
        case .hardLink(let other):
            return .refused(name: name, reason: "is a hard link to \(DisplayText.quoted(other))", isDamage: false)
        case .other: return .refused(name: name, reason: "is no regular file", isDamage: false)
        case .file, .directory: break
        }
        guard !member.isEncrypted else { return .refused(name: name, reason: "is encrypted", isDamage: false) }
        let mtime = member.mtime ?? level.mtime
        guard isOpened else { return try file(name, reader, size: member.size, mtime: mtime) }
        return try enter(name, reader, mtime: mtime)
    }

    private mutating func enter(_ name: String, _ reader: ArchiveReader, mtime: Int64) throws -> ImportItem? {
        guard levels.count < tools.limits.depth else {
            let reason = "is an archive below \(levels.count) others, and no more are opened"
            return .refused(name: name, reason: reason, isDamage: false)
        }
        let mark = tools.meter.mark
        do {
            var level = try tools.open(
                .stream(MeteredStream(stream: reader, meter: tools.meter)),
                name: name,
                prefix: Packing.of(name).opened,
                mtime: mtime,
                isNamed: false
            )
            level.depth = levels.count
            level.mark = mark
            levels.append(level)
            return nil
        } catch {
            // The archive that it is in goes on behind it, or tells itself that it cannot.
            let isBomb = error is UnpackMeter.Exceeded
            guard !isBomb || goesOn(behind: error), let refusal = Self.refusal(for: error) else { throw error }
            if isBomb { tools.meter.goBack(to: mark) }
            return .refused(name: name, reason: refusal.reason, isDamage: refusal.isDamage)
        }
    }

    /// Reads a file that stands under `name`, if it goes anywhere.
    private func file(_ name: String, _ stream: any ByteStream, size: Int64?, mtime: Int64) throws -> ImportItem {
        let path: LogicalPath
        switch tools.naming.placement(of: name) {
        case .path(let found): path = found
        case .passedOver: return .passedOver
        case .refused(let reason): return .refused(name: name, reason: reason, isDamage: false)
        }
        let maximum = tools.limits.maximum(for: path)
        if let size, size > maximum {
            return .refused(name: name, reason: SpoolOverflow(maximum: maximum).description, isDamage: false)
        }
        let mark = tools.meter.mark
        do {
            let content = try tools.spool(stream, maximum: maximum)
            var candidate = ImportCandidate(name: name, path: path, mtime: mtime, content: .read(content))
            candidate.isForeign = true
            return .file(candidate)
        } catch {
            guard goesOn(behind: error), let refusal = Self.refusal(for: error) else { throw error }
            tools.meter.goBack(to: mark)
            return .refused(name: name, reason: refusal.reason, isDamage: refusal.isDamage)
        }
    }

    /// Whether what follows a member can be read when the member cannot.
    private func goesOn(behind error: any Error) -> Bool {
        switch error {
        case let error as ArchiveError: !error.endsArchive || levels.isEmpty
        case is SpoolOverflow: true
        case is UnpackMeter.Exceeded: levels.count == 1 && findsMembers
        default: false
        }
    }
}

/// An archive that is being read.
struct ArchiveLevel: Sendable {
    enum Source: Sendable {
        case members(ArchiveReader)
        /// The one file that comes out; its name is the prefix.
        case single(any ByteStream)
    }

    let source: Source
    /// For people.
    let name: String
    /// What the names of its members are put behind; ends with a slash unless it is empty.
    let prefix: String
    let mtime: Int64
    /// Archives that it is in.
    var depth = 0
    /// What had come out of the outermost archive before this one was entered.
    var mark: Int64 = 0
    var hasMembers = false
}
