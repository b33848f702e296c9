internal import SystemPackage

/// This machine: where local state lies, whether it is sound, and where a pod's variables came from.
struct LocalChecks {
    let home: String?
    let environment: EnvironmentVariables

    /// - Returns: The path of the local state, usable or not; nil where nothing tells it.
    func run(_ examination: inout Examination) async throws -> String? {
        let path: String?
        do {
            path = try home ?? Catalog.defaultHome()
        } catch let error as ReplayCacheError {
            path = nil
            try examination.fail("home", error)
        }
        if let path, try await isUsable(path, &examination) {
            try await catalog(in: path, &examination)
        } else {
            try examination.skip(["catalog"], "the folder of the local state is not usable")
        }
        try pod(&examination)
        return path
    }

    // MARK: The folder

    private func isUsable(_ path: String, _ examination: inout Examination) async throws -> Bool {
        guard
            let folder = try await examination.attempt(
                "home",
                { try await BlockingPool.shared.run { try Folder(path) } }
            )
        else { return false }
        if folder.system.isNetwork {
            try examination.warn(
                "home",
                "\(folder.description): local state is slow and less safe on a network file system",
                hint: "set REPLAYCACHE_HOME to a folder on a local disk; what is lost with the machine can be rebuilt"
            )
        } else if let free = folder.system.freeByteCount, free < Folder.fewBytes {
            try examination.warn("home", folder.description, hint: "free some space there")
        } else {
            try examination.ok("home", folder.description)
        }
        return true
    }

    // MARK: The catalog

    private func catalog(in folder: String, _ examination: inout Examination) async throws {
        let path = Catalog.path(in: folder)
        let outcome = try await examination.outcome {
            try await BlockingPool.shared.run {
                try DatabaseHealth.check(path, name: "the catalog", knownVersion: Schema.catalogVersion)
            }
        }
        switch outcome {
        case .failure(let error): try examination.fail("catalog", error)
        case .success(nil): try examination.ok("catalog", "none yet: the first command makes it")
        case .success(let health?):
            let older = health.version < Schema.catalogVersion ? ", which the next command brings up to date" : ""
            try examination.ok(
                "catalog",
                "sound, \(ByteCount(health.byteCount)), schema \(health.version)\(older)"
            )
        }
    }

    // MARK: The pod

    /// Of what belongs to this program or to providers.
    private static let prefixes = ["B2_", "R2_", "AWS_", "S3_", "RCLONE_", "REPLAYCACHE_"]

    private func pod(_ examination: inout Examination) throws {
        guard (try? environment.setting("RUNPOD_POD_ID")) != nil else { return }
        let names = environment.names.filter { name in Self.prefixes.contains { name.hasPrefix($0) } }
        let inherited = names.filter { (try? environment.setting($0))?.isInherited == true }.sorted()
        if inherited.isEmpty {
            try examination.ok("pod", "a RunPod pod; all variables are those of this shell")
        } else {
            try examination.ok(
                "pod",
                "a RunPod pod; this shell lacks \(inherited.joined(separator: ", ")), taken from process 1"
            )
        }
    }
}

/// A folder that is there, or that could be made.
struct Folder: Sendable {
    let path: String
    let exists: Bool
    let system: FileSystem

    /// Less than this is soon used up.
    static let fewBytes: Int64 = 1_000_000_000

    /// Looks at `path`, and whether files can be made in it.
    ///
    /// Blocks.
    init(_ path: String) throws {
        self.path = path
        var existing = path
        while (try? Machine.canonicalPath(existing)) == nil, existing.contains("/"), existing != "/" {
            let parent = existing.split(separator: "/").dropLast().joined(separator: "/")
            existing = existing.hasPrefix("/") ? "/\(parent)" : parent
            if existing.isEmpty { existing = "." }
        }
        exists = existing == path
        system = try FileSystem(of: existing)
        if exists {
            try Self.tryWriting(in: path)
        } else {
            do {
                try FileSystem.checkWritable(existing)
            } catch {
                throw FileError("create", path, error.errno)
            }
        }
    }

    /// Rights and a full disk show only in doing it.
    private static func tryWriting(in path: String) throws {
        let folder = try OpenFile.directory(path)
        let name = "\(PlacedFile.temporaryPrefix)doctor-\(String(UInt64.random(in: 0 ... .max), radix: 16))"
        let file = try folder.creating(name, mode: 0o600)
        // Removed first, so that a killed process leaves nothing.
        try folder.remove(name)
        try file.write([UInt8](repeating: 1, count: 4096).span, at: 0)
    }

    var description: String {
        "\(path) \(exists ? "" : "(to be made) ")on \(system.name)"
            + (system.freeByteCount.map { ", \(ByteCount($0)) free" } ?? "")
    }
}
