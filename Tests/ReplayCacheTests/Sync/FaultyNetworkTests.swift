import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// A line on which a tenth of all requests fail, in every way that the proxy knows.
struct FaultyNetworkTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let actions = [
        #"{"action": "reset", "at": "request"}"#,
        #"{"action": "reset", "at": "request_body", "bytes": 100}"#,
        #"{"action": "reset", "at": "processed"}"#,
        #"{"action": "reset", "at": "response_body", "bytes": 100}"#,
        #"{"action": "close", "at": "request"}"#,
        #"{"action": "close", "at": "request_body", "bytes": 100}"#,
        #"{"action": "close", "at": "processed"}"#,
        #"{"action": "close", "at": "response_body", "bytes": 100}"#,
        #"{"action": "truncate", "bytes": 100}"#,
        #"{"action": "truncate", "bytes": 100, "fix_length": true}"#,
        #"{"action": "hang", "seconds": 0.5, "at": "request"}"#,
        #"{"action": "hang", "seconds": 0.5, "at": "response_body", "bytes": 10}"#,
        #"{"action": "delay", "ms": 20, "jitter_ms": 30}"#,
        #"{"action": "delay", "ms": 20, "at": "response"}"#,
        #"{"action": "throttle", "bps": 20000}"#,
        #"{"action": "status", "code": "SlowDown"}"#,
        #"{"action": "status", "code": "InternalError"}"#,
        #"{"action": "status", "code": "TooManyRequests"}"#,
        #"{"action": "status", "code": "RequestTimeout"}"#,
        #"{"action": "status", "code": "BadGateway"}"#,
        #"{"action": "status", "code": "GatewayTimeout"}"#,
        #"{"action": "status", "code": "ServiceUnavailable", "early": true}"#,
        #"{"action": "status", "code": "InternalError", "processed": true}"#,
        #"{"action": "status", "code": "RequestTimeTooSkewed", "skew_s": 1200}"#,
        #"{"action": "error200", "code": "InternalError"}"#,
        #"{"action": "garbage", "kind": "xml"}"#,
        #"{"action": "garbage", "kind": "cut"}"#,
        #"{"action": "garbage", "kind": "html"}"#,
        #"{"action": "garbage", "kind": "empty"}"#,
        #"{"action": "garbage", "kind": "binary"}"#,
        #"{"action": "corrupt", "offset": "random"}"#,
        #"{"action": "corrupt", "offset": "random", "side": "request"}"#,
        #"{"action": "headers", "drop": ["etag"]}"#,
        #"{"action": "raw", "text": "this is not HTTP"}"#,
        #"{"action": "twice"}"#,
    ]

    /// Each with the same small share of a tenth.
    private static let rules: String = {
        let share = 0.1 / Double(actions.count)
        let rules = actions.enumerated().map { index, action in
            #"{"id": "\#(index)", "when": {"prob": \#(share), "by": "key"}, "do": \#(action)}"#
        }
        return "[\(rules.joined(separator: ", "))]"
    }()

    @Test
    func aThousandFilesArriveOverALineThatFailsATenthOfTheTime() async throws {
        let bucket = try await TestServer.shared(.quirks(.generic)).makeBucket()
        let laptop = try await Laptop("laptop", in: scratch)
        for number in 0..<1000 {
            try Tree.write(
                SampleBytes.random(2000, seed: UInt64(number)),
                to: laptop.at("\(number % 10)/\(number).bin")
            )
        }
        let proxy = try await bucket.server.proxy()
        try proxy.setRules(Self.rules)
        let place = try bucket.place(port: proxy.port)

        let push = try await laptop.push(to: place)
        #expect(push.entriesAdded == 1000)
        #expect(push.failure == nil)
        let pod = try await Laptop("pod", in: scratch)
        let fetch = try await pod.fetch(from: place)
        #expect(fetch.filesPlaced == 1000)
        #expect(fetch.failure == nil)
        for path in try laptop.files() {
            #expect(try Tree.read(laptop.at(path)) == Tree.read(pod.at(path)), "\(path)")
        }
        // The same without the faults: nothing is missing, and nothing else stands there.
        let direct = try bucket.place()
        let checker = try await Laptop("checker", in: scratch)
        #expect(try await checker.fetch(from: direct).filesPlaced == 1000)
        #expect(push.retries > 20)
        #expect(fetch.retries > 20)
        print(
            "faulty network: \(push.retries) and \(fetch.retries) requests sent again,",
            "\(push.bytesResent) of \(push.bytesUploaded) bytes sent twice,",
            "\(fetch.bytesResent) of \(fetch.bytesDownloaded) received twice"
        )
    }
}
