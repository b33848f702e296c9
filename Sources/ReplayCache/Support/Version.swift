/// The version of this program.
public enum Version {
    /// Semantic version, as printed by `replaycache --version`.
    public static let current = "0.1.0"
}
