/// What the beginning of a place says about the rest.
enum PlaceScheme {
    /// A bucket and a prefix.
    case bucket(BucketPlace.Service, rest: Substring)
    /// A name in rclone's configuration and a path.
    case rclone(Substring)
    case directory(String)
    /// The scheme, which this version does not know.
    case unknown(String)

    static func of(_ text: String) -> PlaceScheme {
        guard let scheme = scheme(of: text) else { return .directory(text) }
        let rest = text.dropFirst(scheme.count + 1)
        // `S3:bucket` must not become a folder of that name.
        let known = scheme.lowercased()
        if let service = BucketPlace.Service.named(known) {
            return .bucket(service, rest: rest.hasPrefix("//") ? rest.dropFirst(2) : rest)
        }
        switch known {
        case "rclone": return .rclone(rest.hasPrefix("//") ? rest.dropFirst(2) : rest)
        case "file" where scheme == known:
            return .directory(String(rest.hasPrefix("///") ? rest.dropFirst(2) : rest))
        case "gdrive": return .unknown(known)
        default: break
        }
        let isScheme = scheme.utf8.allSatisfy { ("a"..."z").contains(Unicode.Scalar($0)) || (48...57).contains($0) }
        if isScheme { return .unknown(scheme) }
        return .directory(text)
    }

    /// Letters and digits before a colon.
    private static func scheme(of text: String) -> String? {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        let scheme = text[..<colon]
        return scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } ? String(scheme) : nil
    }

    /// Why a scheme is no good.
    ///
    /// Only the scheme is repeated: addresses may hold passwords.
    static func refusal(of scheme: String, in text: String) -> ReplayCacheError {
        let hint =
            switch scheme {
            case "gdrive": "for now use a bucket (b2:, r2: or s3:) or a directory"
            case "http", "https": "name the bucket as s3:BUCKET/PREFIX, and its server by AWS_ENDPOINT_URL"
            default: "use b2:, r2: or s3: with a bucket, rclone:NAME:BUCKET, or a directory such as /mnt/backup/replays"
            }
        let message =
            scheme == "gdrive"
            ? "\"gdrive:\" places come with a later version"
            : "\"\(scheme):\" places are not supported by this version"
        return ReplayCacheError(.usage, message, hint: hint, subject: "\(scheme):")
    }

    /// An address with a query, such as a signed one, names no place; without `//` these are letters like others.
    static func refuseQuery(_ text: String) throws {
        guard let scheme = scheme(of: text), text.dropFirst(scheme.count).hasPrefix("://"),
            BucketPlace.Service.named(scheme.lowercased()) != nil, let mark = text.first(where: { "?#".contains($0) })
        else { return }
        // What follows is not repeated: it may be a signature.
        throw ReplayCacheError(
            .usage,
            "the \"\(scheme)://\" address goes on with \"\(mark)\" after the prefix",
            hint: "leave that out; for a prefix with such a character write \(scheme.lowercased()):BUCKET/PREFIX",
            subject: "\(scheme)://"
        )
    }

    /// What may be repeated of a text that names a place; nil for what may hold a password.
    static func shown(_ text: String) -> String? {
        switch of(text) {
        case .bucket(let service, let rest): (try? BucketPlace(service: service, path: rest)).map { "\($0)" }
        case .directory: text
        case .rclone, .unknown: nil
        }
    }

    /// `user@host:path` is what scp and rsync take.
    static func refuseOtherMachine(_ text: String) throws {
        guard let colon = text.firstIndex(of: ":"), text[..<colon].contains("@"), !text[..<colon].contains("/") else {
            return
        }
        throw ReplayCacheError(
            .usage,
            "\(DisplayText.quoted(text)) names a folder on another machine, which is no place that this version knows",
            hint: "mount it and name the folder; for a folder of this very name write ./\(text)",
            subject: text
        )
    }
}
