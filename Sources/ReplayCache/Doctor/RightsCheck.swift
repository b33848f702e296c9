/// Which of the five verbs are allowed, tried one by one with an object that is removed in any case.
struct RightsCheck {
    let remote: MeteredRemote
    /// Where the remote's keys are, for people: `bucket/prefix`, or a path.
    let location: String

    /// Listing is tried before.
    static let names = ["list", "put", "get", "head", "delete"]

    func run(_ examination: inout Examination) async throws {
        guard let key = RemoteKey(Repository.probeName) else { return }
        let bytes = Array("replaycache doctor was here; this may be removed\n".utf8)
        let body = try RemoteBody(bytes)
        // To its end even if the run is cancelled: a body under way could arrive after it was removed.
        let put = await examination.patience.insist { [remote] in
            try await remote.put(key, body, durability: .eventual)
        }
        do {
            let isThere = try tell(put, &examination)
            try Task.checkCancellation()
            try await read(key, isThere ? bytes : nil, &examination)
        } catch {
            // The first error is the one to tell.
            _ = await remove(key, examination)
            throw error
        }
        try await tellRemoval(of: key, put, &examination)
        try Task.checkCancellation()
    }

    /// Tells how the put went, and whether something is there to be read.
    private func tell(_ put: Result<Void, any Error>, _ examination: inout Examination) throws -> Bool {
        guard case .failure(let failure) = put else {
            try examination.ok("put", "allowed")
            return true
        }
        let error = ReplayCacheError(failure, doing: "writing")
        guard error.circumstance == .denied else {
            try examination.fail("put", error)
            return false
        }
        try examination.warn(
            "put",
            "read-only: fetch works, push does not (\(failure is FileError ? error.description : error.message))",
            hint: error.hint
        )
        return false
    }

    /// Reads what was put; with nil something that need not be there, which only who may read is told.
    private func read(_ key: RemoteKey, _ bytes: [UInt8]?, _ examination: inout Examination) async throws {
        let maximum = Int64(1 << 16)
        switch try await examination.outcome({ [remote] in try await Self.bytes(of: key, remote, maximum) }) {
        case .failure(let error): try examination.fail("get", error)
        case .success(let found) where bytes == nil || found == bytes: try examination.ok("get", "allowed")
        case .success(let found):
            try examination.fail(
                "get",
                ReplayCacheError(
                    .integrity,
                    found == nil ? "\(key) is missing right after it was put" : "\(key) came back with other bytes",
                    hint: "something between here and there keeps or changes answers: check proxies"
                )
            )
        }
        switch try await examination.outcome({ [remote] in try await remote.head(key)?.byteCount }) {
        case .failure(let error): try examination.fail("head", error)
        case .success(let found) where bytes == nil || found == bytes.map({ Int64($0.count) }):
            try examination.ok("head", "allowed")
        case .success(let found):
            let size = found.map { "said to have \($0) bytes" } ?? "said to be missing"
            try examination.fail("head", ReplayCacheError(.integrity, "\(key) is \(size) right after it was put"))
        }
    }

    private static func bytes(of key: RemoteKey, _ remote: MeteredRemote, _ maximum: Int64) async throws -> [UInt8]? {
        do {
            return try await remote.bytes(of: key, maximum: maximum)
        } catch let error as RemoteError where error.reason == .notFound {
            return nil
        }
    }

    private func remove(_ key: RemoteKey, _ examination: Examination) async -> Result<Void, any Error> {
        await examination.patience.insist { [remote] in try await remote.delete([key]) }
    }

    private func tellRemoval(
        of key: RemoteKey,
        _ put: Result<Void, any Error>,
        _ examination: inout Examination
    ) async throws {
        if case .failure(let failure) = put, ReplayCacheError(failure, doing: "writing").circumstance == .denied {
            return try examination.skip(["delete"], "nothing could be put that might be removed")
        }
        guard case .failure(let failure) = await remove(key, examination) else {
            return try examination.ok("delete", "allowed")
        }
        let error = ReplayCacheError(failure, doing: "removing")
        guard error.circumstance == .denied else { return try examination.fail("delete", error) }
        try examination.warn(
            "delete",
            "push and fetch work, but nothing can be removed: \(location)/\(key) of this check stays (\(error.message))",
            hint: "remove it by hand, or \(error.hint ?? "give the key that right")"
        )
    }
}
