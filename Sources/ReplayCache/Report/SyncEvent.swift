/// Something that happened during an operation and that a person may want to know (`--json`: one line each).
public enum SyncEvent: Sendable {
    /// An operation between a folder and a place begins to move things; what it is about to move where that is known by
    /// now, which while a folder is still being looked at it is not.
    case started(command: String, place: String, root: String, files: Int?, bytes: Int64?)
    /// The whole folder was looked at: so much is to be moved in all, what has moved already among it.
    case planned(files: Int, bytes: Int64)
    /// The place held nothing; a repository was made there.
    case created(place: String)
    /// A file is left for a later run: it is being written, or changed while it was read.
    case deferred(path: String, reason: String)
    /// A file or folder could not be handled.
    case failed(path: String, reason: String)
    /// Both sides have changed; neither was touched.
    case conflict(path: String)
    /// The place has a newer content; a fetch brings it.
    case behind(path: String)
    /// The path was deleted at the place; the local file was left alone.
    case deletedElsewhere(path: String)
    /// A path from the remote that cannot be placed safely.
    case refused(path: String, reason: String)
    /// A file is where it belongs, with the bytes that it should have.
    case placed(path: String)
    /// A file was renamed, because its entry moved.
    case moved(from: String, to: String)
    /// The old name of a file that moved is no entry any more.
    case retired(path: String)
    /// An entry, or with a fetch a local file, was removed.
    case removed(path: String)
    /// The same in a dry run: it would be removed.
    case wouldRemove(path: String)
    /// A file takes no room of its own any more: it shares the bytes of the other one.
    case linked(path: String, to: String, LinkKind)
    /// The same in a dry run: it would.
    case wouldLink(path: String, to: String, LinkKind)
    /// An entry holds again what it held before.
    case restored(path: String)
    /// The same in a dry run: it would.
    case wouldRestore(path: String)
    /// A change lost against one that somebody else made at the same time; the path does not show it.
    case lost(path: String, sha256: Digest, host: String)
    /// A file became visible to everyone under this path.
    case published(path: String)
    /// A replay was imported that is a recording of the same game as the one at another path.
    case sameGame(path: String, other: String)
    /// A replay was imported that is damaged or unfinished.
    case unreadable(path: String, reason: String)
    /// This many files became visible in one commit.
    case committed(files: Int)
    /// An object at the place is missing, or its bytes are not what they should be; these paths need it, or some of them.
    case objectDamaged(key: String, reason: String, paths: [String])
    /// A content whose object was missing or damaged is stored again; the path is one that needs it.
    case healed(path: String)
    /// A request failed, `waited` seconds after it was first sent, and is sent again after a pause.
    case retrying(what: String, waited: Double, seconds: Double)
    /// Something at the place is damaged or breaks the format, and was left out: an answer may lack what is in it.
    case damaged(String)
    /// Anything else out of order.
    case warning(String)
}

extension SyncEvent: Encodable {
    private enum Key: String, CodingKey {
        case v, event, path, reason, place, from, to, files, message, waited, seconds, key, paths, sha256, host, other,
            command, root, bytes, link
    }

    /// Writes a flat object with `event` and the fields of the case.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(1, forKey: .v)
        func write(_ event: String, _ fields: [(Key, String)]) throws {
            try container.encode(event, forKey: .event)
            for (key, value) in fields { try container.encode(value, forKey: key) }
        }
        switch self {
        case .started(let command, let place, let root, let files, let bytes):
            try write("start", [(.command, command), (.place, place), (.root, root)])
            try container.encodeIfPresent(files, forKey: .files)
            try container.encodeIfPresent(bytes, forKey: .bytes)
        case .planned(let files, let bytes):
            try write("planned", [])
            try container.encode(files, forKey: .files)
            try container.encode(bytes, forKey: .bytes)
        case .created(let place): try write("created", [(.place, place)])
        case .deferred(let path, let reason): try write("deferred", [(.path, path), (.reason, reason)])
        case .failed(let path, let reason): try write("failed", [(.path, path), (.reason, reason)])
        case .conflict(let path): try write("conflict", [(.path, path)])
        case .behind(let path): try write("behind", [(.path, path)])
        case .deletedElsewhere(let path): try write("deletedElsewhere", [(.path, path)])
        case .refused(let path, let reason): try write("refused", [(.path, path), (.reason, reason)])
        case .placed(let path): try write("placed", [(.path, path)])
        case .moved(let from, let to): try write("moved", [(.from, from), (.to, to)])
        case .published(let path): try write("published", [(.path, path)])
        case .retired(let path): try write("retired", [(.path, path)])
        case .objectDamaged(let key, let reason, let paths):
            try write("objectDamaged", [(.key, key), (.reason, reason)])
            try container.encode(paths, forKey: .paths)
        case .healed(let path): try write("healed", [(.path, path)])
        case .removed(let path): try write("removed", [(.path, path)])
        case .wouldRemove(let path): try write("wouldRemove", [(.path, path)])
        case .linked(let path, let other, let kind):
            try write("linked", [(.path, path), (.to, other), (.link, kind.rawValue)])
        case .wouldLink(let path, let other, let kind):
            try write("wouldLink", [(.path, path), (.to, other), (.link, kind.rawValue)])
        case .restored(let path): try write("restored", [(.path, path)])
        case .wouldRestore(let path): try write("wouldRestore", [(.path, path)])
        case .lost(let path, let digest, let host):
            try write("lost", [(.path, path), (.sha256, digest.hex), (.host, host)])
        case .sameGame(let path, let other): try write("sameGame", [(.path, path), (.other, other)])
        case .unreadable(let path, let reason): try write("unreadable", [(.path, path), (.reason, reason)])
        case .committed(let files):
            try write("committed", [])
            try container.encode(files, forKey: .files)
        case .retrying(let what, let waited, let seconds):
            try write("retrying", [(.reason, what)])
            try container.encode(waited, forKey: .waited)
            try container.encode(seconds, forKey: .seconds)
        case .damaged(let message), .warning(let message): try write("warning", [(.message, message)])
        }
    }
}
