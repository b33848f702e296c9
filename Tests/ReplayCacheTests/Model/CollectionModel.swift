/// The protocol of committing and collecting garbage (`docs/format.md`, "Garbage collection"), small enough that every
/// interleaving can be looked at.
///
/// One content: contents meet nowhere but in listings and in time. Its keys are the generations 0, 1, 2; a generation is
/// put only when the ones before are condemned, so what is condemned is a prefix of them, and so is what is ripe (condemned
/// at least 24 h ago). Each pusher publishes the content under a path of its own. Time has no numbers: the next condemned
/// key becomes ripe at any moment, and with it every listing made before it was condemned is more than 24 h old; an object
/// is older than 7 days from any moment on.
///
/// A dataset needs what paths show when it is frozen, and goes on needing it before the thirty days of their history are
/// over: to a collector it is a path that stays.
///
/// A restore is a push whose bytes come from the condemned object, and a push that finds its path in place does nothing:
/// both are covered, since no visible path may ever be without its object.
struct CollectionModel: Sendable {
    /// What the protocol asks for.
    ///
    /// Each rule that is switched off makes a protocol that was thought of and is wrong.
    struct Rules: Sendable {
        /// A pusher that needs a condemned content puts the next generation, not the same key again.
        var countsGenerations = true
        /// A pusher lists the condemned keys again after its commit.
        var checksAfterCommit = true
        /// A pusher lists the condemned keys anew when its commit has not ended within the bound.
        var boundsListing = true
        /// A collector reads the log again before it deletes.
        var readsLogAgain = true
        /// A collector condemns nothing younger than 7 days.
        var sparesTheYoung = true
        /// The bound of a pusher ends an hour before the wait of a collector does, and a commit that took most of that hour
        /// from its stamp to its end is stamped anew.
        var leavesMargin = true
        /// Of a content with condemned keys, every commit that puts it at a path tells the key, also one that was there.
        var tellsKnownKeys = true
    }

    /// A commit may take effect at any time after it was sent, whatever the bound says; its sender lives to see it.
    enum Lateness: Sendable { case never, ofTheLiving, always }

    var rules = Rules()
    var lateness = Lateness.never
    /// 3 at most.
    var pusherCount = 3
    /// 2 at most.
    var collectorCount = 2
    /// 3 at most; a pusher that needs one more goes no further.
    var generationCount = 2

    /// Something that must never be.
    enum Harm: Sendable {
        /// A visible path has no object, and nobody is about to repair that.
        case lost
        /// An object is condemned that a pusher has put and not yet committed.
        case uploadInVain
    }

    /// Where there is no generation.
    static let nothing = 3
}

// MARK: States

extension CollectionModel {
    /// A few numbers in one.
    protocol Packed {
        var bits: UInt64 { get set }
    }

    /// A pusher and its path, in 14 bits.
    struct Pusher: Packed {
        static let width: UInt64 = 14
        enum Stage: Int { case idle, mustList, mustPut, ready, sending, committed }

        var bits: UInt64 = 0

        var stage: Stage {
            get { Stage(rawValue: number(0, 7)) ?? .idle }
            set { setNumber(0, 7, newValue.rawValue) }
        }
        /// Generations that were condemned at its last listing.
        var seen: Int {
            get { number(3, 3) }
            set { setNumber(3, 3, newValue) }
        }
        /// The generation that it uses.
        var key: Int {
            get { number(5, 3) }
            set { setNumber(5, 3, newValue) }
        }
        /// The order of stamps among the commits under way.
        var rank: Int {
            get { number(7, 3) }
            set { setNumber(7, 3, newValue) }
        }
        var isVisible: Bool {
            get { number(9, 1) == 1 }
            set { setNumber(9, 1, newValue ? 1 : 0) }
        }
        /// Its commit tells where the content is; without, the content is where it was.
        var tellsKey: Bool {
            get { number(10, 1) == 1 }
            set { setNumber(10, 1, newValue ? 1 : 0) }
        }
        /// A later stamp than that of the commit under way has decided where the content is.
        var isOverruled: Bool {
            get { number(11, 1) == 1 }
            set { setNumber(11, 1, newValue ? 1 : 0) }
        }
        /// The bound has passed while the commit was under way.
        var isLate: Bool {
            get { number(12, 1) == 1 }
            set { setNumber(12, 1, newValue ? 1 : 0) }
        }
        /// A commit of this push took effect after the bound.
        var wasLate: Bool {
            get { number(13, 1) == 1 }
            set { setNumber(13, 1, newValue ? 1 : 0) }
        }
    }

    /// A collector, in 6 bits.
    struct Collector: Packed {
        static let width: UInt64 = 6
        enum Stage: Int { case idle, hasRead, condemns, deletes }

        var bits: UInt64 = 0

        var stage: Stage {
            get { Stage(rawValue: number(0, 3)) ?? .idle }
            set { setNumber(0, 3, newValue.rawValue) }
        }
        /// The generation that was referenced when it read the log; when it condemns, the one that it condemns.
        var key: Int {
            get { number(2, 3) }
            set { setNumber(2, 3, newValue) }
        }
        /// Generations that were ripe when it read the log.
        var ripe: Int {
            get { number(4, 3) }
            set { setNumber(4, 3, newValue) }
        }
        /// It condemns what a pusher has just put, in the room of `ripe`.
        var isHasty: Bool {
            get { stage == .condemns && ripe > 0 }
            set { ripe = newValue ? 1 : 0 }
        }
    }

    /// The place, pushers and collectors.
    struct World: Packed {
        /// The log tells nothing yet.
        var bits = UInt64(nothing)

        /// The generation at which the log says that the content is.
        var told: Int {
            get { number(0, 3) }
            set { setNumber(0, 3, newValue) }
        }
        /// Generations that exist, a bit each.
        var existing: Int {
            get { number(2, 7) }
            set { setNumber(2, 7, newValue) }
        }
        var condemned: Int {
            get { number(5, 3) }
            set { setNumber(5, 3, newValue) }
        }
        var ripe: Int {
            get { number(7, 3) }
            set { setNumber(7, 3, newValue) }
        }
        /// The first generation that is not condemned is older than 7 days.
        var isOld: Bool {
            get { number(9, 1) == 1 }
            set { setNumber(9, 1, newValue ? 1 : 0) }
        }

        private static let pushers: UInt64 = 10
        private static let collectors = pushers + 3 * Pusher.width

        func pusher(_ index: Int) -> Pusher {
            Pusher(bits: bits &>> (Self.pushers &+ UInt64(index) &* Pusher.width) & 0x3FFF)
        }

        mutating func set(_ index: Int, _ pusher: Pusher) {
            let shift = Self.pushers &+ UInt64(index) &* Pusher.width
            bits = bits & ~(0x3FFF &<< shift) | pusher.bits &<< shift
        }

        func collector(_ index: Int) -> Collector {
            Collector(bits: bits &>> (Self.collectors &+ UInt64(index) &* Collector.width) & 0x3F)
        }

        mutating func set(_ index: Int, _ collector: Collector) {
            let shift = Self.collectors &+ UInt64(index) &* Collector.width
            bits = bits & ~(0x3F &<< shift) | collector.bits &<< shift
        }

        func exists(_ key: Int) -> Bool { key != nothing && existing &>> key & 1 == 1 }

        /// The same for all orders of pushers and of collectors, which nothing tells apart; the idle come last.
        var inOrder: World {
            var result = self
            result.order(0, 1)
            result.order(1, 2)
            result.order(0, 1)
            let (first, second) = (collector(0), collector(1))
            if first.bits < second.bits {
                result.set(0, second)
                result.set(1, first)
            }
            return result
        }

        private mutating func order(_ left: Int, _ right: Int) {
            let (first, second) = (pusher(left), pusher(right))
            guard first.bits < second.bits else { return }
            set(left, second)
            set(right, first)
        }
    }
}

extension CollectionModel.Packed {
    fileprivate func number(_ shift: UInt64, _ mask: UInt64) -> Int { Int(truncatingIfNeeded: bits &>> shift & mask) }

    fileprivate mutating func setNumber(_ shift: UInt64, _ mask: UInt64, _ value: Int) {
        bits = bits & ~(mask &<< shift) | UInt64(truncatingIfNeeded: value) &<< shift
    }
}
