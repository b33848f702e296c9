import FoundationEssentials
import ReplayCacheTestSupport
import Testing

/// `docs/remotes.md` and the code know the same variables.
struct RemotesPageTests {
    /// Upper-case words with an underscore in them.
    private func variables(in text: String) -> Set<String> {
        let words = text.split { !($0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_")) }
        return Set(
            words.map(String.init).filter { $0.contains("_") && $0.first?.isLetter == true && !$0.hasSuffix("_") }
        )
    }

    @Test func thePageNamesEveryVariableAndNoOther() throws {
        let root = Surroundings.packageRoot()
        let page = try #require(Tree.text("\(root)/docs/remotes.md"))
        let folder = "\(root)/Sources/ReplayCache/Remote/Configuration"
        let code = try Tree.files(below: folder).compactMap { Tree.text("\(folder)/\($0)") }
            .joined(separator: "\n").split(separator: "\n")
            .filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
        // Not variables: words in examples and in rclone's file.
        let words: Set = ["ACCOUNT_ID", "RCLONE_ENCRYPT_V"]
        // Made from pieces in the code.
        let composed: Set = [
            "B2_APP_KEY_FILE", "X_FILE", "RCLONE_CONFIG_NAME_KEY", "RCLONE_CONFIG_NAME_TYPE", "RCLONE_TYPE_KEY",
            "RCLONE_B2_ACCOUNT", "RCLONE_S3_ENDPOINT", "REPLAYCACHE_HOME", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ]
        let inCode = variables(in: code).subtracting(words)
        let inPage = variables(in: page).subtracting(composed)
        #expect(inCode.count > 30)
        #expect(inCode.subtracting(inPage).isEmpty)
        #expect(inPage.subtracting(inCode).isEmpty)
    }
}
