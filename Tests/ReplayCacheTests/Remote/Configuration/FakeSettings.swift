import Synchronization
import SystemPackage

@testable import ReplayCache

/// The variables and files of a machine that is not there.
struct FakeSettings: Sendable {
    var variables: [String: String] = [:]
    var files: [String: String] = [:]
    /// Files that are there and cannot be read.
    var locked: Set<String> = []
    var firstProcess: [String: String] = [:]

    init(_ variables: [String: String] = [:], files: [String: String] = [:], firstProcess: [String: String] = [:]) {
        self.variables = ["HOME": "/home/fox"].merging(variables) { $1 }
        self.files = files
        self.firstProcess = firstProcess
    }

    var environment: EnvironmentVariables {
        let files = files
        let locked = locked
        return EnvironmentVariables(variables, firstProcess: firstProcess) { path, _ throws(FileError) in
            if locked.contains(path) { throw FileError("open", path, .permissionDenied) }
            guard let text = files[path] else { throw FileError("open", path, .noSuchFileOrDirectory) }
            return Array(text.utf8)
        }
    }

    func with(_ more: [String: String], files: [String: String] = [:]) -> FakeSettings {
        var result = self
        result.variables.merge(more) { $1 }
        result.files.merge(files) { $1 }
        return result
    }
}

/// Answers requests from a table and remembers them.
final class FakeExchange: HTTPExchanging {
    /// What one request gets: by method and address.
    typealias Handler = @Sendable (HTTPRequest) throws -> HTTPAnswer

    private let handler: Handler
    private let log = Mutex<[HTTPRequest]>([])

    init(_ handler: @escaping Handler) { self.handler = handler }

    /// A network on which nobody answers.
    static var dead: FakeExchange { FakeExchange { _ in throw HTTPFailure(.connectTimeout, "nobody") } }

    /// One answer for everything.
    static func always(_ status: Int, _ body: String) -> FakeExchange { FakeExchange { _ in answer(status, body) } }

    static func answer(_ status: Int, _ body: String) -> HTTPAnswer {
        HTTPAnswer(response: HTTPResponse(status: status, headers: [:]), body: Array(body.utf8))
    }

    var requests: [HTTPRequest] { log.withLock { $0 } }

    func exchange(_ request: HTTPRequest, body: [UInt8], maximum: Int) async throws -> HTTPAnswer {
        log.withLock { $0.append(request) }
        return try handler(request)
    }
}

/// The error of what must fail; nil when it does not, or with another kind of error.
func refusal(_ body: () async throws -> Void) async -> ReplayCacheError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? ReplayCacheError
    }
}

extension ReplayCacheError {
    /// Everything that is printed of it.
    var allText: String { [message, hint, subject, cause].compactMap { $0 }.joined(separator: "\n") }

    /// One sentence without a full stop or line end, and what to do.
    var isWellFormed: Bool {
        !message.isEmpty && !message.hasSuffix(".") && !message.contains("\n") && hint?.isEmpty == false
    }
}

/// Secrets that must not come out anywhere.
enum Canary {
    /// No part of it is a usual word.
    static let secret = "cAnArY0sEcReT0vAlUe0DoNoTpRiNt"
    static let token = "tOkEn0cAnArY0DoNoTpRiNt"
    static let all = [secret, token]

    /// All that printing, reflecting and encoding make of a value.
    static func texts(of value: Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        let encoded = (value as? any Encodable).flatMap { try? JSON.text($0) } ?? ""
        return "\(value)\n\(String(reflecting: value))\n\(dumped)\n\(encoded)"
    }

    static func leaks(_ text: String) -> Bool { all.contains { text.contains($0) } }
}
