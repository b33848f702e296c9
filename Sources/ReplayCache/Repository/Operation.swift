/// One line of a segment (`docs/format.md`, "Segments").
package enum Operation: Sendable, Equatable {
    case put(Put)
    case del(Del)
    case obj(Obj)
    case ckpt(Checkpoint)
    case dataset(Dataset)
    /// An operation of a version to come, as it stands in the segment.
    case unknown(String)
    /// A line that is not an operation, as it stands in the segment, and what is wrong with it.
    case unreadable(String, reason: String)

    /// A path holds a content.
    package struct Put: Codable, Sendable, Equatable {
        package var path: String
        package var sha256: Digest
        /// The content that the writer replaced; nil for a new path.
        package var was: Digest?
        package var size: Int64
        /// Modification time of the file, nanoseconds since 1970 UTC.
        package var mtime: Int64
        package var replay: ReplayMetadata?
        /// Version of the reader that derived `replay`.
        package var reader: Int?

        /// Whether this is no version of the path, but only tells what was found in the content that it shows: a content
        /// does not take its own place (`docs/format.md`, "put").
        package var isRemark: Bool { was == sha256 }

        package init(
            path: String,
            sha256: Digest,
            was: Digest?,
            size: Int64,
            mtime: Int64,
            replay: ReplayMetadata? = nil,
            reader: Int? = nil
        ) {
            self.path = path
            self.sha256 = sha256
            self.was = was
            self.size = size
            self.mtime = mtime
            self.replay = replay
            self.reader = reader
        }

        /// Reads a put.
        ///
        /// What is said about the content is not worth the path: a `replay` that cannot be read is as good as none.
        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            path = try container.decode(String.self, forKey: .path)
            sha256 = try container.decode(Digest.self, forKey: .sha256)
            was = try container.decodeIfPresent(Digest.self, forKey: .was)
            size = try container.decode(Int64.self, forKey: .size)
            mtime = try container.decode(Int64.self, forKey: .mtime)
            reader = try? container.decodeIfPresent(Int.self, forKey: .reader)
            replay = try? container.decodeIfPresent(ReplayMetadata.self, forKey: .replay)
        }
    }

    /// A path no longer holds the content `was`; another content there stays.
    package struct Del: Codable, Sendable, Equatable {
        package var path: String
        package var was: Digest

        package init(path: String, was: Digest) {
            self.path = path
            self.was = was
        }
    }

    /// A content is stored under a key.
    package struct Obj: Codable, Sendable, Equatable {
        package var sha256: Digest
        package var size: Int64
        package var key: String
        package var encodedSize: Int64

        package init(sha256: Digest, size: Int64, key: String, encodedSize: Int64) {
            self.sha256 = sha256
            self.size = size
            self.key = key
            self.encodedSize = encodedSize
        }
    }

    /// A set of files was published as a checkpoint.
    package struct Checkpoint: Codable, Sendable, Equatable {
        package struct File: Codable, Sendable, Equatable {
            package var name: String
            package var sha256: Digest
            package var size: Int64

            package init(name: String, sha256: Digest, size: Int64) {
                self.name = name
                self.sha256 = sha256
                self.size = size
            }
        }
        package var run: String
        package var name: String
        package var step: Int64?
        package var files: [File]
        package var parent: Digest?
        package var metrics: [String: Metric]
        package var gitRevision: String?
        package var dataset: String?
        package var note: String?

        package init(
            run: String,
            name: String,
            step: Int64?,
            files: [File],
            parent: Digest? = nil,
            metrics: [String: Metric] = [:],
            gitRevision: String? = nil,
            dataset: String? = nil,
            note: String? = nil
        ) {
            self.run = run
            self.name = name
            self.step = step
            self.files = files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            self.parent = parent
            self.metrics = metrics
            self.gitRevision = gitRevision
            self.dataset = dataset
            self.note = note
        }

        /// The digest of the checkpoint's run, name, step and file list: publishing the same again changes nothing.
        ///
        /// A NUL, which no name contains, ends each field, so that two checkpoints never have the same text.
        package var identity: Digest {
            get throws {
                var text = "replaycache checkpoint\0\(run)\0\(name)\0\(step.map(String.init) ?? "")\0"
                for file in files { text += "\(file.sha256.hex) \(file.size) \(file.name)\0" }
                return try Digest.of(Array(text.utf8))
            }
        }
    }
}

/// A metric of a checkpoint.
///
/// JSON has no NaN and no infinity, so those are written as text.
package struct Metric: Codable, Sendable, Equatable {
    package let value: Double

    package init(_ value: Double) { self.value = value }

    /// What was measured, not a number in a calculation: NaN is the same as NaN.
    package static func == (left: Metric, right: Metric) -> Bool {
        left.value == right.value || (left.value.isNaN && right.value.isNaN)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
            value = number
        } else if let number = Double(try container.decode(String.self)) {
            value = number
        } else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a number")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if value.isFinite { try container.encode(value) } else { try container.encode("\(value)") }
    }
}

extension Operation {
    private enum Key: String, CodingKey { case op }

    /// The line of a segment, without its end.
    func line() throws -> [UInt8] {
        switch self {
        case .put(let value): try JSON.line(Tagged(op: "put", value: value))
        case .del(let value): try JSON.line(Tagged(op: "del", value: value))
        case .obj(let value): try JSON.line(Tagged(op: "obj", value: value))
        case .ckpt(let value): try JSON.line(Tagged(op: "ckpt", value: value))
        case .dataset(let value): try JSON.line(Tagged(op: "dataset", value: value))
        case .unknown(let text), .unreadable(let text, _): Array(text.utf8)
        }
    }

    private struct Tagged<Value: Encodable>: Encodable {
        let op: String
        let value: Value

        func encode(to encoder: any Encoder) throws {
            try value.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(op, forKey: .op)
        }
    }

    /// Reads a line.
    ///
    /// Unknown operations are kept as text; a known one that does not parse does not take the others with it.
    init(line: ArraySlice<UInt8>) {
        func text() -> String { String(decoding: line, as: UTF8.self) }
        do {
            self = try JSON.decode(Known.self, from: line).operation ?? .unknown(text())
        } catch {
            self = .unreadable(text(), reason: JSON.reason(error))
        }
    }

    /// An operation of this version; nil for another.
    ///
    /// One pass over the line finds the name and the fields.
    private struct Known: Decodable {
        let operation: Operation?

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            operation =
                switch try container.decode(String.self, forKey: .op) {
                case "put": .put(try Put(from: decoder))
                case "del": .del(try Del(from: decoder))
                case "obj": .obj(try Obj(from: decoder))
                case "ckpt": .ckpt(try Checkpoint(from: decoder))
                case "dataset": .dataset(try Dataset(from: decoder))
                default: nil
                }
        }
    }
}
