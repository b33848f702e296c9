extension Place {
    /// The place to use when none is named: `REPLAYCACHE_REMOTE`, else that of the one provider whose variables are all
    /// set (`design.md` section 6); nil when there is no such.
    ///
    /// The prefix `replaycache` keeps away from what else is in the bucket.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration` when several providers' variables are set, or a bucket's
    ///   without its keys.
    package static func `default`(environment: EnvironmentVariables = .process) throws -> Place? {
        if let named = try environment.setting("REPLAYCACHE_REMOTE") {
            return try Place(named.text, environment: environment)
        }
        let sets = ProviderVariables.all
        let complete = try sets.filter { try $0.isComplete(environment) }
        guard complete.count <= 1 else {
            let names = try complete.compactMap { try $0.place(environment) }.joined(separator: ", ")
            throw ReplayCacheError(
                .configuration,
                "no remote was given, and the variables of several providers are set: \(names)",
                hint: "name the remote, or set REPLAYCACHE_REMOTE to one of them"
            )
        }
        if let text = try complete.first?.place(environment) { return try Place(text, environment: environment) }
        for set in sets { try set.refuseHalf(environment) }
        return nil
    }

    /// The error of a command that needs a place when none is named and ``default(environment:)`` knows none.
    package static func absence(environment: EnvironmentVariables = .process) throws -> ReplayCacheError {
        guard let set = try ProviderVariables.all.first(where: { try $0.lacksBucketAlone(environment) }) else {
            return ReplayCacheError(
                .configuration,
                "no remote was given",
                hint: "name one, for example b2:BUCKET/replaycache or /mnt/backup/melee, or set REPLAYCACHE_REMOTE"
            )
        }
        return ReplayCacheError(
            .configuration,
            "no remote was given: there are keys for \(set.keys.title), but \(set.buckets[0]) is not set",
            hint: "name the remote, for example \(set.scheme)BUCKET/replaycache, or set \(set.buckets[0])",
            subject: set.buckets[0]
        )
    }
}

/// The variables that together name a bucket and the way to it.
struct ProviderVariables {
    let scheme: String
    let keys: KeyVariables
    let buckets: [String]
    /// Of which one must be set too.
    let others: [String]

    static let all = [
        ProviderVariables(scheme: "b2:", keys: .b2, buckets: ["B2_BUCKET"], others: []),
        ProviderVariables(scheme: "r2:", keys: .r2, buckets: ["R2_BUCKET"], others: ["R2_ENDPOINT", "R2_ACCOUNT_ID"]),
        ProviderVariables(scheme: "s3:", keys: .aws, buckets: ["AWS_BUCKET", "S3_BUCKET"], others: []),
    ]

    func place(_ environment: EnvironmentVariables) throws -> String? {
        try environment.setting(buckets).map { "\(scheme)\($0.text)/replaycache" }
    }

    func isComplete(_ environment: EnvironmentVariables) throws -> Bool {
        // Half a set is told later, if it turns out to matter.
        try environment.setting(buckets) != nil && hasOthers(environment) && hasKeys(environment)
    }

    func lacksBucketAlone(_ environment: EnvironmentVariables) throws -> Bool {
        try environment.setting(buckets) == nil && hasKeys(environment)
    }

    private func hasKeys(_ environment: EnvironmentVariables) throws -> Bool {
        try environment.hasAny(keys.pairs.map(\.id)) && environment.hasAny(keys.pairs.map(\.key))
    }

    private func hasOthers(_ environment: EnvironmentVariables) throws -> Bool {
        try others.isEmpty || environment.setting(others) != nil
    }

    /// Who set `B2_BUCKET` or `R2_BUCKET` meant it; `S3_BUCKET` may be there for other programs.
    func refuseHalf(_ environment: EnvironmentVariables) throws {
        guard scheme != "s3:", let bucket = try environment.setting(buckets) else { return }
        guard try keys.credentials(environment) != nil else { throw keys.absent }
        guard try !hasOthers(environment) else { return }
        throw ReplayCacheError(
            .configuration,
            "\(bucket.source) is set, but \(others[0]) is not",
            hint: "set \(others[0]), or name another remote",
            subject: others[0]
        )
    }
}

extension EnvironmentVariables {
    /// Whether one of `names`, or a file for it, is set.
    fileprivate func hasAny(_ names: [String]) throws -> Bool {
        try names.contains { try setting($0) != nil || setting("\($0)_FILE") != nil }
    }
}
