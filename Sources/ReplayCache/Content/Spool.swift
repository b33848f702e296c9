internal import Synchronization

/// Takes in a content that comes as a stream and keeps it until it is stored: in memory while it is short, else in a file
/// without a name, which nothing can leave behind.
///
/// Calls block, and come one after the other.
final class Spool: Sendable {
    /// Bytes kept in memory: most replays are shorter.
    static let memoryByteCount = 8 << 20

    private struct State {
        let context: SHA256Context
        var bytes: [UInt8] = []
        var file: OpenFile?
        var byteCount: Int64 = 0
    }

    private let folder: OpenFile
    private let maximum: Int64
    private let state: Mutex<State>

    /// Keeps what is long in `folder`; more than `maximum` bytes are refused while they come.
    init(in folder: OpenFile, maximum: Int64) throws {
        self.folder = folder
        self.maximum = maximum
        let context = try SHA256Context()
        state = Mutex(State(context: context))
    }

    /// How many bytes came.
    var byteCount: Int64 { state.withLock { $0.byteCount } }

    /// Takes in the next bytes.
    ///
    /// - Throws: ``SpoolOverflow`` when they are too many, `FileError` when the disk is full.
    func append(_ piece: ArraySlice<UInt8>) throws {
        try state.withLock { state in
            guard Int64(piece.count) <= maximum - state.byteCount else { throw SpoolOverflow(maximum: maximum) }
            try state.context.update(piece.span)
            if state.file == nil, state.bytes.count + piece.count > Self.memoryByteCount {
                let file = try folder.creatingUnnamed()
                try file.write(state.bytes.span, at: 0)
                state.file = file
                state.bytes = []
            }
            if let file = state.file {
                try file.write(piece.span, at: state.byteCount)
            } else {
                state.bytes += piece
            }
            state.byteCount += Int64(piece.count)
        }
    }

    /// Takes in the next bytes, where they come in somebody else's memory.
    func append(_ piece: Span<UInt8>) throws {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(piece.count)
        for index in piece.indices { bytes.append(piece[index]) }
        try append(bytes[...])
    }

    /// What came, to be called once, last.
    func finish() throws -> SpooledContent {
        try state.withLock { state in
            let source: any ByteSource = state.file ?? ByteArraySource(state.bytes)
            let content = SpooledContent(source: source, digest: try state.context.finish(), byteCount: state.byteCount)
            state.bytes = []
            return content
        }
    }
}

/// A content that can be read as often as needed, and its digest.
struct SpooledContent: Sendable {
    let source: any ByteSource
    let digest: Digest
    let byteCount: Int64
    /// The memory that it takes, to be given back when it is stored.
    var lease: SpoolLease?

    /// Bytes of memory that it takes: none when it is in a file.
    var memoryByteCount: Int { source is ByteArraySource ? Int(clamping: byteCount) : 0 }
}

/// More bytes came than a content may have.
struct SpoolOverflow: Error, Sendable, CustomStringConvertible {
    let maximum: Int64

    /// The end of a sentence.
    var description: String { "has more than \(ByteCount(maximum)), the most that is taken for one file" }
}

/// A share of the memory that contents may take which were read and are not stored yet.
final class SpoolLease: Sendable {
    private let budget: AsyncSemaphore
    private let weight: Int
    private let isReturned = Atomic(false)

    /// Takes over `weight` of what was entered into `budget`.
    init(_ weight: Int, of budget: AsyncSemaphore) {
        self.budget = budget
        self.weight = weight
    }

    deinit { giveBack() }

    /// May be called again.
    func giveBack() {
        guard !isReturned.exchange(true, ordering: .acquiringAndReleasing) else { return }
        budget.leave(weight)
    }
}
