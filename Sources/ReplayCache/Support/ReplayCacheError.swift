/// What went wrong, in the words of the person who has to act on it.
///
/// Rooms below the public API throw small typed errors with raw facts. They are wrapped here once, where the context
/// (which file, which key) is known, and never again.
public struct ReplayCacheError: Error, Sendable, Equatable {
    /// The kind of failure; decides the exit code of the command (`design.md` section 6).
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String, Sendable {
            case integrity, notFound, configuration, quota, unavailable, busy, unsupportedFormat, conflict, partial
            case usage, disk, cancelled, outputClosed, unclassified
        }
        private let kind: Kind

        /// Bytes do not match the digest that names them.
        public static let integrity = Code(kind: .integrity)
        /// No repository, bucket or root where one was expected.
        public static let notFound = Code(kind: .notFound)
        /// Settings or the state of a place forbid the operation until someone changes them.
        public static let configuration = Code(kind: .configuration)
        /// A cap of the provider, or one given by the user, was reached.
        public static let quota = Code(kind: .quota)
        /// The place cannot be reached; the same command may work later.
        public static let unavailable = Code(kind: .unavailable)
        /// The place or the catalog is in use; the same command may work later.
        public static let busy = Code(kind: .busy)
        /// A repository, catalog or object needs another version of this program.
        public static let unsupportedFormat = Code(kind: .unsupportedFormat)
        /// Both sides changed, and neither was touched.
        public static let conflict = Code(kind: .conflict)
        /// Some items failed, the others are done.
        public static let partial = Code(kind: .partial)
        /// Arguments that make no sense, or a name that nothing has.
        public static let usage = Code(kind: .usage)
        /// The local disk is full, not writable or failing.
        public static let disk = Code(kind: .disk)
        /// Interrupted by the user; what is on disk can be resumed.
        public static let cancelled = Code(kind: .cancelled)
        /// The reader of what is printed went away: nothing is wrong, and nothing more is wanted.
        public static let outputClosed = Code(kind: .outputClosed)
        /// Not foreseen.
        ///
        /// Each one seen is a bug.
        public static let unclassified = Code(kind: .unclassified)

        /// The name used in `--json` output.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence, lower case, without a full stop, that names the thing.
    public var message: String
    /// What to do next, if anything can be done.
    public var hint: String?
    /// The path, key or digest that the error is about.
    public var subject: String?
    /// The error underneath, as text.
    public var cause: String?
    /// The word in a text of the user that is wrong, where that is known.
    public var mark: TextMark?
    /// What callers have to tell apart although people are told it in words alone.
    package var circumstance: Circumstance?

    /// A kind of failure that something can be done about without asking anybody.
    package enum Circumstance: Sendable, Equatable {
        /// The key, or the user, lacks a right that others may have.
        case denied
        /// Nobody answers at the address, or nobody there knows the key: what was remembered may be out of date.
        case stranger
    }

    /// Creates an error.
    public init(_ code: Code, _ message: String, hint: String? = nil, subject: String? = nil, cause: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.subject = subject
        self.cause = cause
    }
}

extension ReplayCacheError: CustomStringConvertible {
    /// Message and cause on one line.
    public var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}

extension ReplayCacheError {
    /// Classifies any error: ours pass through, known leaf errors are given a code, the rest is unclassified.
    package init(_ error: any Error, doing action: String, subject: String? = nil) {
        switch error {
        case let error as ReplayCacheError:
            self = error
        case let error as FileError:
            self = error.classified(subject: subject)
        case let error as SourceError:
            self = error.cause.classified(subject: subject)
        case let error as ContentTooLarge:
            self.init(.usage, "\(subject ?? "the file") \(error)", hint: "split it", subject: subject)
        case let error as SQLiteError:
            self = error.classified(doing: action)
        case let error as RemoteError:
            self = error.classified()
        case let error as LogicalPathError:
            self.init(.usage, error.description, subject: subject)
        case is CancellationError:
            self.init(.cancelled, "interrupted while \(action)", hint: "run the same command again to continue")
        default:
            self.init(.unclassified, "\(action) failed", subject: subject, cause: "\(error)")
        }
    }
}
