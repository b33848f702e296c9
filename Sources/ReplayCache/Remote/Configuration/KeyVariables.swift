/// The variables that hold the keys of one provider, under all names that people have for them.
struct KeyVariables: Sendable {
    /// Two names that belong together.
    struct Pair: Sendable {
        let id: String
        let key: String
    }

    /// For people: `Backblaze B2`.
    let title: String
    /// The first is the one to name in messages.
    let pairs: [Pair]
    let token: String?

    /// `providers.md` section 1.
    static let b2 = KeyVariables(
        title: "Backblaze B2",
        pairs: [
            Pair(id: "B2_KEY_ID", key: "B2_APP_KEY"), Pair(id: "B2_APPLICATION_KEY_ID", key: "B2_APPLICATION_KEY"),
            Pair(id: "B2_ACCOUNT_ID", key: "B2_ACCOUNT_KEY"),
        ],
        token: nil
    )

    /// `providers.md` section 2.
    static let r2 = KeyVariables(
        title: "Cloudflare R2",
        pairs: [
            Pair(id: "R2_ACCESS_KEY", key: "R2_SECRET_KEY"),
            Pair(id: "R2_ACCESS_KEY_ID", key: "R2_SECRET_ACCESS_KEY"),
        ],
        token: "R2_SESSION_TOKEN"
    )

    /// `providers.md` section 3.
    static let aws = KeyVariables(
        title: "AWS",
        pairs: [Pair(id: "AWS_ACCESS_KEY_ID", key: "AWS_SECRET_ACCESS_KEY")],
        token: "AWS_SESSION_TOKEN"
    )

    /// The set that is there; nil when no part of any is.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration` that names what is missing of a set.
    func credentials(_ environment: EnvironmentVariables) throws -> S3Credentials? {
        let own = try Half(self, environment, isInherited: false)
        if let found = try own.credentials(environment, token: token) { return found }
        let inherited = try Half(self, environment, isInherited: true)
        // A half set here is completed by the first process only if it is the same key.
        if let found = try inherited.credentials(environment, token: token), own.agrees(with: inherited) {
            return found
        }
        if own.isEmpty && inherited.isEmpty { return nil }
        throw missing(own.isEmpty ? inherited : own)
    }

    /// The error of a set that is not there.
    var absent: ReplayCacheError {
        let pair = pairs[0]
        return ReplayCacheError(
            .configuration,
            "there is no key for \(title): \(pair.id) and \(pair.key) are not set",
            hint: "set both, or \(pair.id)_FILE and \(pair.key)_FILE to files that hold them",
            subject: pair.id
        )
    }

    private func missing(_ half: Half) -> ReplayCacheError {
        let found = half.id ?? half.key
        let plain = found.map { $0.name.hasSuffix("_FILE") ? String($0.name.dropLast(5)) : $0.name } ?? ""
        let pair = pairs.first { $0.id == plain || $0.key == plain } ?? pairs[0]
        let missing = half.id == nil ? pair.id : pair.key
        return ReplayCacheError(
            .configuration,
            "\(found?.source ?? pair.id) is set, but \(missing) is not",
            hint: "set \(missing), or \(missing)_FILE to a file that holds it",
            subject: missing
        )
    }

    /// What one process has of a set.
    private struct Half {
        var id: EnvironmentVariables.Setting?
        var key: EnvironmentVariables.Setting?
        let isInherited: Bool

        init(_ variables: KeyVariables, _ environment: EnvironmentVariables, isInherited: Bool) throws {
            self.isInherited = isInherited
            for pair in variables.pairs {
                let id = try environment.credential(pair.id, isInherited: isInherited)
                let key = try environment.credential(pair.key, isInherited: isInherited)
                if id != nil && key != nil {
                    self.id = id
                    self.key = key
                    return
                }
                self.id = self.id ?? id
                self.key = self.key ?? key
            }
        }

        var isEmpty: Bool { id == nil && key == nil }

        func agrees(with other: Half) -> Bool {
            (id == nil || id?.secret == other.id?.secret) && (key == nil || key?.secret == other.key?.secret)
        }

        func credentials(_ environment: EnvironmentVariables, token: String?) throws -> S3Credentials? {
            guard let id, let key else { return nil }
            let token = try token.flatMap { try environment.credential($0, isInherited: isInherited) }
            return S3Credentials(
                accessKeyID: id.text,
                secretAccessKey: key.secret,
                sessionToken: token?.secret,
                source: "\(id.name) and \(key.name) in the environment\(isInherited ? " of process 1" : "")"
            )
        }
    }
}
