import Testing

@testable import ReplayCache

/// The queues between a socket and a task are short: whoever is slow pauses the other.
struct CurlTransferTests {
    private static func transfer(upload: Int64? = nil) -> CurlTransfer {
        let body = upload.map { HTTPClient.Upload(byteCount: $0) { _, _ in 0 } }
        return CurlTransfer(HTTPRequest(.get, "http://127.0.0.1/"), body, resolved: nil)
    }

    /// Gives pieces until the transfer takes no more; the bytes that it took.
    private static func fill(_ transfer: CurlTransfer, piece: Int) -> Int {
        let bytes = [UInt8](repeating: 7, count: piece)
        var count = 0
        while count < 100 << 20, case .moved(let moved) = unsafe bytes.withUnsafeBytes({ unsafe transfer.write($0) }) {
            count += moved
        }
        return count
    }

    @Test(arguments: [1000, 16 << 10, 128 << 10])
    func aReceiverThatTakesNothingStopsTheSender(piece: Int) async {
        let transfer = Self.transfer()
        let most = (CurlTransfer.window + 1) * Chunk.capacity + piece
        #expect(Self.fill(transfer, piece: piece) <= most)
        let loop = CurlLoop()
        // Each chunk that is taken makes room for one.
        var taken = 0
        for _ in 0..<20 {
            let next = await transfer.next(loop)
            taken += next?.1.count ?? 0
            #expect(Self.fill(transfer, piece: piece) <= 2 * Chunk.capacity)
        }
        #expect(taken == 20 * Chunk.capacity)
        transfer.finish(CancellationError())
        #expect(throws: CancellationError.self) { try transfer.result() }
    }

    @Test
    func aSourceThatIsSlowPausesTheSending() async {
        let transfer = Self.transfer(upload: Int64(10 * Chunk.capacity))
        var buffer = [UInt8](repeating: 0, count: 2 * Chunk.capacity)
        func read() -> CurlTransfer.Flow { unsafe buffer.withUnsafeMutableBytes { unsafe transfer.read(into: $0) } }
        guard case .paused = read() else {
            Issue.record("there was nothing to send")
            return
        }
        for number in 0..<CurlTransfer.window {
            #expect(await transfer.hasRoom())
            var chunk = ChunkPool.shared.take()
            chunk.count = Chunk.capacity
            // Only the first finds it waiting.
            #expect(transfer.send(chunk) == (number == 0))
        }
        guard case .moved(Chunk.capacity) = read() else {
            Issue.record("a whole chunk was not sent")
            return
        }
        #expect(!transfer.canRewind)
        transfer.finish(HTTPFailure(.interrupted, "gone"))
        #expect(await !transfer.hasRoom())
        #expect(throws: HTTPFailure(.interrupted, "gone")) { try transfer.result() }
    }

    @Test
    func endlessHeadersAreRefused() {
        let transfer = Self.transfer()
        let line = Array("X-Long: \(String(repeating: "x", count: 8000))\r\n".utf8)
        var count = 0
        while count < 1000, unsafe line.withUnsafeBytes({ unsafe transfer.header($0) }) { count += 1 }
        #expect(count < 10)
    }

    @Test(arguments: [
        (["HTTP/1.1 100 Continue\r\n", "X: 1\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "ETag:  \"a\" \r\n", "\r\n"], 200),
        (["HTTP/1.1 503 Slow\r\n", "etag: \"a\"\r\n", "no colon\r\n", ": no name\r\n"], 503),
        (["HTTP/1.1 204\r\n", "ETAG:\"a\"\r\n"], 204),
    ])
    func headersAreThoseOfTheLastAnswer(_ lines: [String], status: Int) throws {
        let transfer = Self.transfer()
        for line in lines { #expect(unsafe Array(line.utf8).withUnsafeBytes { unsafe transfer.header($0) }) }
        transfer.finish(nil)
        let response = try transfer.result()
        #expect(response.status == status)
        #expect(response["etag"] == "\"a\"")
        #expect(response["x"] == nil)
    }

    @Test(arguments: ["", "HTTP/1.1\r\n", "HTTP/1.1 many\r\n", "SSH-2.0\r\n"])
    func anAnswerWithoutAStatusIsNone(_ line: String) {
        let transfer = Self.transfer()
        _ = unsafe Array(line.utf8).withUnsafeBytes { unsafe transfer.header($0) }
        transfer.finish(nil)
        #expect(throws: HTTPFailure.self) { try transfer.result() }
    }
}
