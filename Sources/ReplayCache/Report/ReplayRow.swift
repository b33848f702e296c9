/// One replay as `query` prints it: `--format json` is this, a line each (`schema/replay.schema.json`).
public struct ReplayRow: Sendable, Equatable, Encodable {
    /// One player of a replay.
    public struct Player: Sendable, Equatable, Encodable {
        /// Controller port, 1 to 4.
        public var port: Int
        /// Name of the character at the start, after the Zelda/Sheik rule (`slp-format.md` section 10).
        public var character: String
        /// External id of the character.
        public var characterId: Int
        /// `human`, `cpu` or `demo`.
        public var type: String
        /// Costume index.
        public var costume: Int?
        /// Team in a teams game: 0 red, 1 blue, 2 green.
        public var team: Int?
        /// Online name.
        public var displayName: String?
        /// Online address.
        public var connectCode: String?
        /// Name tag chosen in the game.
        public var nameTag: String?
    }

    /// Path in the repository; below its root for a file that is in none.
    public var path: String
    /// A file on this machine with the same content, nil when there is none.
    public var localPath: String?
    /// Digest of the file.
    public var sha256: Digest
    /// Length of the file in bytes.
    public var size: Int64
    /// Slippi version.
    public var version: String?
    /// Name of the stage.
    public var stage: String?
    /// External id of the stage.
    public var stageId: Int?
    /// Start of the game as the file has it.
    public var startedAt: String?
    /// Length in frames, countdown included; 60 are a second.
    public var frames: Int?
    /// Length in seconds.
    public var durationSeconds: Double?
    /// Whether the recording is whole and the game ended.
    public var complete: Bool
    /// Why the replay could not be read whole.
    public var problem: String?
    /// What recorded the game.
    public var playedOn: String?
    /// Online session.
    public var matchId: String?
    /// Ports of the winners in ascending order, nil when unknown.
    public var winnerPorts: [Int]?
    /// The players in the order of their ports.
    public var players: [Player]
}

extension ReplayRow {
    private enum Key: String, CodingKey {
        case path, localPath, sha256, size, version, stage, stageId, startedAt, frames, durationSeconds, complete,
            problem
        case playedOn, matchId, winnerPorts, players
    }

    /// Writes every field: what is unknown is null, not absent.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(path, forKey: .path)
        try container.encode(localPath, forKey: .localPath)
        try container.encode(sha256, forKey: .sha256)
        try container.encode(size, forKey: .size)
        try container.encode(version, forKey: .version)
        try container.encode(stage, forKey: .stage)
        try container.encode(stageId, forKey: .stageId)
        try container.encode(startedAt, forKey: .startedAt)
        try container.encode(frames, forKey: .frames)
        try container.encode(durationSeconds, forKey: .durationSeconds)
        try container.encode(complete, forKey: .complete)
        try container.encode(problem, forKey: .problem)
        try container.encode(playedOn, forKey: .playedOn)
        try container.encode(matchId, forKey: .matchId)
        try container.encode(winnerPorts, forKey: .winnerPorts)
        try container.encode(players, forKey: .players)
    }
}

extension ReplayRow.Player {
    private enum Key: String, CodingKey {
        case port, character, characterId, type, costume, team, displayName, connectCode, nameTag
    }

    /// Writes every field: what is unknown is null, not absent.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(port, forKey: .port)
        try container.encode(character, forKey: .character)
        try container.encode(characterId, forKey: .characterId)
        try container.encode(type, forKey: .type)
        try container.encode(costume, forKey: .costume)
        try container.encode(team, forKey: .team)
        try container.encode(displayName, forKey: .displayName)
        try container.encode(connectCode, forKey: .connectCode)
        try container.encode(nameTag, forKey: .nameTag)
    }
}
