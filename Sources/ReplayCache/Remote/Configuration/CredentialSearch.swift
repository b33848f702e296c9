/// Finds the keys of a place: the first complete set wins (`providers.md` section 3).
struct CredentialSearch: Sendable {
    let place: BucketPlace
    let environment: EnvironmentVariables
    let provider: Provider
    let http: any HTTPExchanging

    /// Looks everywhere.
    ///
    /// - Throws: ``ReplayCacheError`` with code `configuration` that names where was looked.
    func credentials() async throws -> S3Credentials {
        switch place.service {
        case .b2: return try KeyVariables.b2.credentials(environment) ?? { throw KeyVariables.b2.absent }()
        case .r2: return try KeyVariables.r2.credentials(environment) ?? { throw KeyVariables.r2.absent }()
        case .s3: return try await credentials(of: try AWSSettings(environment))
        case .rclone(let name):
            let remote = try RcloneRemote(name, environment)
            guard try remote.usesEnvironment else { return try remote.credentials() }
            return try await credentials(of: try remote.aws())
        }
    }

    private func credentials(of settings: AWSSettings) async throws -> S3Credentials {
        if let found = try settings.credentials() { return found }
        // A machine's keys are AWS's own: other providers would only be told a token.
        guard provider.hasMachineCredentials else { throw settings.absent(machine: "") }
        if let found = try await MachineCredentials(environment: environment, http: http).fetch() { return found }
        throw settings.absent(machine: ", nor does this machine give any")
    }
}
