/// Finds datasets by name, and brings their lists to this machine.
struct Datasets: Sendable {
    let repository: Repository

    private var store: PlaceStore { repository.store }

    /// The dataset that is meant by `NAME` or `NAME@DIGITS`, the beginning of the digest of its list.
    ///
    /// - Throws: ``ReplayCacheError`` with code `usage` that suggests near names.
    func find(_ reference: String) async throws -> DatasetRow {
        try Self.find(reference, among: try await store.datasets(), at: "\(repository.place)")
    }

    static func find(_ reference: String, among rows: [DatasetRow], at place: String) throws -> DatasetRow {
        let parts = reference.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let (name, digits) = (parts[0], parts.count > 1 ? parts[1] : nil)
        let named = rows.filter { $0.name.utf8.elementsEqual(name.utf8) }
        let found = named.filter { row in digits.map { row.sha256.hex.hasPrefix($0) } ?? row.isCurrent }
        if found.count == 1, digits?.isEmpty != true { return found[0] }
        guard named.isEmpty else {
            throw ReplayCacheError(
                .usage,
                "\(found.isEmpty ? "no list" : "more than one list") of the dataset \(DisplayText.quoted(name)) "
                    + "has a digest that begins with \(DisplayText.quoted(digits ?? ""))",
                hint: "there is: \(named.prefix(5).map(\.shortReference).joined(separator: ", "))",
                subject: reference
            )
        }
        let names = rows.filter(\.isCurrent).map { (id: $0.name, name: $0.name, aliases: [String]()) }
        let near = NameIndex(names).suggestions(for: name)
        throw ReplayCacheError(
            .usage,
            "no dataset at \(place) is called \(DisplayText.quoted(name))",
            hint: rows.isEmpty
                ? "`replaycache dataset freeze` makes one"
                : near.isEmpty
                    ? "`replaycache dataset list` tells which there are"
                    : "did you mean \(near.joined(separator: ", "))?",
            subject: reference
        )
    }

    // MARK: Lists

    /// Lists that were read once, by their digests; may be removed at any time.
    static func folder(in home: String) -> String { "\(home)/datasets" }

    /// Reads the list of a dataset into its table, from this machine if it is here, else from the place.
    ///
    /// - Throws: ``ReplayCacheError`` with code `integrity` when it is nowhere to be had, or is no list.
    func load(_ dataset: DatasetRow) async throws {
        try await load(dataset) { try await store.load($0, of: dataset) }
    }

    /// Brings the list of a dataset and passes it to `body`, once more from the place if what is here is damaged.
    func load(_ dataset: DatasetRow, _ body: (OpenFile) async throws -> Void) async throws {
        do {
            if let known = try await Self.known(dataset.sha256, home: store.home) {
                do {
                    return try await body(known)
                } catch is SegmentError {
                    try await forget(dataset)
                }
            }
            try await body(try await fetch(dataset))
        } catch let error as SegmentError {
            throw ReplayCacheError(
                .integrity,
                "the list of the dataset \(DisplayText.quoted(dataset.name)) \(error)",
                hint: "freeze it again under another name, and `replaycache dataset drop` this one",
                subject: dataset.sha256.hex
            )
        }
    }

    private static func path(of list: Digest) throws -> LogicalPath {
        try LogicalPath("\(list.hex).txt")
    }

    private func open() throws -> OpenFile { try Self.open(home: store.home) }

    private static func open(home: String) throws -> OpenFile {
        let folder = folder(in: home)
        try Machine.makeDirectories(folder, mode: 0o700)
        return try OpenFile.directory(folder)
    }

    /// The list as it is on this machine, not looked at yet; nil when it is not here.
    static func known(_ list: Digest, home: String) async throws -> OpenFile? {
        try await BlockingPool.shared.run {
            do {
                return try open(home: home).reading(try path(of: list).string)
            } catch let error as FileError where error.isNotFound {
                return nil
            }
        }
    }

    private func forget(_ dataset: DatasetRow) async throws {
        try await BlockingPool.shared.run { try open().remove(try Self.path(of: dataset.sha256).string) }
    }

    private func fetch(_ dataset: DatasetRow) async throws -> OpenFile {
        guard (0...Operation.Dataset.maximumListByteCount).contains(dataset.listSize),
            let object = try await store.object(of: dataset.sha256), object.size == dataset.listSize
        else {
            throw ReplayCacheError(
                .integrity,
                "the repository names no object for the list of the dataset \(DisplayText.quoted(dataset.name))",
                hint: ObjectReader.damageHint,
                subject: dataset.sha256.hex
            )
        }
        let placed = try await BlockingPool.shared.run { () throws -> PlacedFile in
            try PlacedFile(
                try Self.path(of: dataset.sha256),
                below: try open(),
                digest: dataset.sha256,
                waitsForOthers: true
            )
        }
        _ = try await ObjectReader(repository: repository, progress: Progress()).fetch(object, into: placed.file)
        return try await BlockingPool.shared.run {
            // Not synchronised: whoever reads it compares the digest.
            try placed.place(over: .any)
            return placed.file
        }
    }

    /// Makes the list of the last selection, whose digest and length are worked out first.
    func write() async throws -> WrittenList {
        let (digest, size) = try await store.measureList()
        let placed = try await BlockingPool.shared.run { () throws -> PlacedFile in
            try PlacedFile(
                try Self.path(of: digest),
                below: try open(),
                digest: digest,
                waitsForOthers: true
            )
        }
        try await store.writeList(to: placed.file)
        try await BlockingPool.shared.run { try placed.place(over: .any) }
        return WrittenList(digest: digest, size: size, file: placed.file)
    }

    /// A list that was made here.
    struct WrittenList: Sendable {
        let digest: Digest
        let size: Int64
        let file: OpenFile
    }
}

extension PlaceStore {
    fileprivate func measureList() throws -> (digest: Digest, size: Int64) {
        let hash = try SHA256Context()
        var size: Int64 = 0
        try eachListPiece { piece in
            try hash.update(piece.span)
            size += Int64(piece.count)
        }
        return (try hash.finish(), size)
    }

    fileprivate func writeList(to file: OpenFile) throws {
        var offset: Int64 = 0
        try eachListPiece { piece in
            try file.write(piece.span, at: offset)
            offset += Int64(piece.count)
        }
    }
}
