import FoundationEssentials
import SystemPackage
import Testing

/// The published replays that the tests read when they are there: `$REPLAYCACHE_SHARED/replays`.
enum SharedReplays {
    static let directory: FilePath = {
        let shared = ProcessInfo.processInfo.environment["REPLAYCACHE_SHARED"] ?? "../shared"
        return FilePath(shared).appending("replays")
    }()

    /// Nil when the replays are not on this machine.
    static let manifest: ReplayManifest? = {
        guard let bytes = try? readBytes(of: directory.appending("MANIFEST.json")) else { return nil }
        return try? JSONDecoder().decode(ReplayManifest.self, from: Data(bytes))
    }()

    static let files: [ReplayManifest.File] = manifest?.files ?? []

    static func bytes(of name: String) throws -> [UInt8] {
        try readBytes(of: directory.appending(name))
    }

    private static func readBytes(of path: FilePath) throws -> [UInt8] {
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter {
            let count = Int(try file.seek(offset: 0, from: .end))
            return unsafe try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                filled = unsafe try file.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
            }
        }
    }
}

/// Expected answers, found by other readers: the manifest's `notes` explain each field.
struct ReplayManifest: Decodable {
    let files: [File]

    struct File: Decodable, CustomTestStringConvertible {
        let file: String
        let raw_sha256: String?
        let expected: Expected

        var testDescription: String { file }
    }

    struct Expected: Decodable {
        let parseable: Bool
        let version: String?
        let stage: StageAnswer?
        let is_teams: Bool?
        let timer_seconds: Int?
        let major_scene: Int?
        let is_pal: Bool?
        let players: [Player]?
        let match: Match?
        let max_frame: Int?
        let duration_frames: Int?
        let start_at: String?
        let start_at_seconds: String?
        let start_at_has_zone: Bool?
        let last_frame: Int?
        let played_on: String?
        let console_nick: String?
        let raw_length: Int?
        let has_game_end: Bool
        let end: End?
        let complete: Bool
        let walk_stop: String?
        let winner_ports: [Int]?
        let winner_rule: String?
    }

    struct StageAnswer: Decodable {
        let id: Int
        let name: String?
    }

    struct Match: Decodable {
        let id: String?
        let game: Int
        let tiebreaker: Int
    }

    struct End: Decodable {
        let method: Int
        let lras_port: Int?
        let placements_raw: [Int]?
    }

    struct Player: Decodable {
        struct Character: Decodable {
            let id: Int
            let name: String
        }

        let port: Int
        let character: Character
        let type: String
        let costume: Int
        let stocks: Int
        let team: Int?
        let name_tag: String?
        let slippi_uid: String?
        let netplay_name: String?
        let code: String?
        let cpu_level: Int?
        let starts_as: String
        let metadata_characters: [String: Int]?
    }
}
