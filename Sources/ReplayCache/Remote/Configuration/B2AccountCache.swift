/// Keeps what Backblaze told of accounts in `$REPLAYCACHE_HOME/accounts`, so that a run needs no request for it.
///
/// Readable by their owner only. Names are digests of key ids; neither the key nor the token of the answer is kept.
package struct B2AccountCache: Sendable {
    private let folder: String

    package init(home: String) { folder = "\(home)/accounts" }

    private func name(_ keyID: String, api: S3Endpoint) throws -> String {
        "b2-\(try Digest.of(Array("\(api)\n\(keyID)".utf8)).hex.prefix(32)).json"
    }

    /// What is known; nil when nothing is, or not in a form that this version reads.
    func account(of keyID: String, api: S3Endpoint) throws -> B2Account? {
        guard let bytes = try? EnvironmentVariables.readFromDisk("\(folder)/\(name(keyID, api: api))", 1 << 20) else {
            return nil
        }
        return try? JSON.decode(B2Account.self, from: bytes)
    }

    /// Remembers an account.
    func keep(_ account: B2Account, of keyID: String, api: S3Endpoint) throws {
        try Machine.makeDirectories(folder, mode: 0o700)
        let directory = try OpenFile.directory(folder)
        let name = try name(keyID, api: api)
        let temporary = "\(name).\(String(UInt64.random(in: 0 ... .max), radix: 16))"
        let bytes = try JSON.line(account)
        let file = try directory.creating(temporary, mode: 0o600)
        do {
            try file.write(bytes.span, at: 0)
            try file.synchronize()
            try directory.rename(temporary, to: name, in: directory, replacing: true)
        } catch {
            try directory.remove(temporary)
            throw error
        }
    }

    /// Forgets an account, whose server may have moved or whose key was changed.
    package func forget(_ keyID: String, api: S3Endpoint) throws {
        guard let directory = try? OpenFile.directory(folder) else { return }
        try directory.remove(try name(keyID, api: api))
    }
}
