import ReplayCache

/// The exit status of the process for each kind of failure (`design.md` section 6).
///
/// 1 is left for the unforeseen.
enum ExitStatus {
    static func of(_ code: ReplayCacheError.Code) -> Int32 {
        switch code {
        case .outputClosed: 0
        case .partial, .conflict: 3
        case .integrity: 4
        case .notFound, .configuration, .unsupportedFormat: 5
        case .quota: 6
        case .unavailable, .busy: 7
        case .disk: 8
        case .usage: 64
        case .cancelled: 130
        default: 1
        }
    }
}
