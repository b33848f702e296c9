import ReplayCache

/// Finds out what positional arguments mean, and what stands in for those that are missing (`design.md` section 6).
enum RemoteArgument {
    /// The place that `text` names, else the default one.
    ///
    /// `other` is an argument that was taken for something else, since it is no repository.
    static func place(_ text: String?, other: String? = nil) throws -> Place {
        if let text { return try Place(text) }
        if let fallback = try Place.default() { return fallback }
        guard let other else { throw try Place.absence() }
        throw ReplayCacheError(
            .notFound,
            "no repository here: \(other), and no other remote was given",
            hint: "check the path and that the disk is mounted, or set REPLAYCACHE_REMOTE",
            subject: other
        )
    }

    /// REMOTE and DIR from up to two arguments: a single one is REMOTE if it looks like a place, else DIR.
    static func remoteAndDirectory(_ arguments: [String]) throws -> (remote: Place, directory: String) {
        switch arguments.count {
        case 0: return (try place(nil), try defaultDirectory())
        case 1 where Place.isPlace(arguments[0]): return (try place(arguments[0]), try defaultDirectory())
        case 1: return (try place(nil, other: arguments[0]), arguments[0])
        default: return (try place(arguments[0]), arguments[1])
        }
    }

    /// The folder that a pod keeps its replays in.
    private static func defaultDirectory() throws -> String {
        if Machine.environment("RUNPOD_POD_ID") != nil { return "/workspace/replays" }
        throw ReplayCacheError(
            .usage,
            "no folder was given",
            hint: "name the folder after the remote, for example ./replays"
        )
    }
}
