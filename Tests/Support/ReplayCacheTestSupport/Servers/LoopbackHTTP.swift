internal import FoundationEssentials
internal import Glibc

/// One HTTP request to 127.0.0.1 over a connection of its own, independent of the client that is tested.
///
/// Blocks for as long as a test server on the same machine needs to answer.
enum LoopbackHTTP {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The body of the answer; throws for any status but 200.
    static func exchange(_ method: String, port: Int, _ target: String, body: [UInt8] = []) throws -> [UInt8] {
        let file = try connect(port: port)
        defer { close(file) }
        let head =
            "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            + "Content-Length: \(body.count)\r\n\r\n"
        try send(Array(head.utf8) + body, to: file)
        let answer = try receive(from: file)
        guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw Failure(description: "\(method) \(target): no answer")
        }
        let rest = Array(answer[end.upperBound...])
        guard answer.starts(with: Array("HTTP/1.1 200 ".utf8)) else {
            throw Failure(description: "\(method) \(target): \(String(decoding: answer, as: UTF8.self))")
        }
        return rest
    }

    private static func connect(port: Int) throws -> Int32 {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard file >= 0 else { throw Failure(description: "no socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(file, $0, length) }
        }
        guard status == 0 else {
            let number = errno
            close(file)
            throw Failure(description: "no connection to port \(port): errno \(number)")
        }
        return file
    }

    private static func send(_ bytes: [UInt8], to file: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "the connection was lost: errno \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    private static func receive(from file: Int32) throws -> [UInt8] {
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe recv(file, $0.baseAddress, $0.count, 0) }
            guard count >= 0 else { throw Failure(description: "the connection was lost: errno \(errno)") }
            guard count > 0 else { return answer }
            answer += piece.prefix(count)
        }
    }
}

extension LoopbackHTTP {
    /// Sends and receives JSON.
    static func json<Answer: Decodable>(
        _ method: String,
        port: Int,
        _ target: String,
        _ value: some Encodable
    ) throws -> Answer {
        let body = Array(try JSONEncoder().encode(value))
        return try JSONDecoder().decode(Answer.self, from: Data(exchange(method, port: port, target, body: body)))
    }
}
