/// The repository at a place, and what this machine remembers of it.
struct PlaceChecks {
    let place: Place
    let home: String?

    /// Looks at both sides.
    func run(_ remote: MeteredRemote, _ examination: inout Examination) async throws {
        let manifest = try await repository(remote, &examination)
        try await state(manifest, &examination)
    }

    /// Looks at this side alone, since `reason`.
    func run(without reason: String, _ examination: inout Examination) async throws {
        try examination.skip(["repository"], reason)
        try await state(nil, &examination)
    }

    private func repository(_ remote: MeteredRemote, _ examination: inout Examination) async throws -> Manifest? {
        let found = try await examination.outcome { [place] in
            let manifest = try await Repository.manifest(place, remote)
            if manifest == nil { try await Repository.refuseForeign(place, remote) }
            return manifest
        }
        switch found {
        case .success(let manifest?):
            try examination.ok("repository", "\(manifest.repository), format \(manifest.format)")
            return manifest
        case .success(nil):
            try examination.ok("repository", "none yet: `replaycache push DIR \(place)` creates one")
        case .failure(let error):
            // A first push would be refused, and nothing else: it is no fault of the place.
            let isForeign = error.code == .configuration && error.circumstance == nil
            try isForeign ? examination.warn("repository", error) : examination.fail("repository", error)
        }
        return nil
    }

    private func state(_ manifest: Manifest?, _ examination: inout Examination) async throws {
        guard let home else { return try examination.skip(["state"], "there is no folder for the local state") }
        let found = try await examination.outcome {
            try await BlockingPool.shared.run {
                let path = "\(home)/\(try Catalog.databaseName(of: place, in: home))"
                return try DatabaseHealth.check(
                    path,
                    name: "the state of the place in",
                    knownVersion: Schema.baseVersion
                )
            }
        }
        switch found {
        case .failure(let error): try examination.fail("state", error)
        case .success(nil): try examination.ok("state", "nothing is known here of this place yet")
        case .success(let health?):
            if let known = health.repository, let manifest, manifest.repository != known {
                return try examination.warn(
                    "state",
                    "this machine knows another repository at this place (\(known))",
                    hint: "fetch reads the new one; push needs --new to go on with it"
                )
            }
            try examination.ok("state", "sound, \(ByteCount(health.byteCount)), schema \(health.version)")
        }
    }
}
