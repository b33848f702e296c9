/// What may happen next.
extension CollectionModel {
    /// Takes each state that may follow, and what happens on the way there.
    typealias Visitor = (_ step: StaticString, _ world: World) -> Void

    func eachStep(from world: World, _ visit: Visitor) {
        time(world, visit)
        for index in 0..<pusherCount {
            disturb(index, world, visit)
            push(index, world, visit)
        }
        for index in 0..<collectorCount { collect(index, world, visit) }
    }

    /// Harm that a state shows.
    func harm(in world: World) -> Harm? {
        if !world.exists(world.told), isReferenced(world) {
            // A commit that was late is looked after by its sender.
            return any(world) { $0.wasLate } ? nil : .lost
        }
        for index in 0..<collectorCount where world.collector(index).isHasty { return .uploadInVain }
        return nil
    }

    private func any(_ world: World, _ isSo: (Pusher) -> Bool) -> Bool {
        for index in 0..<pusherCount where isSo(world.pusher(index)) { return true }
        return false
    }

    private func isReferenced(_ world: World) -> Bool { any(world) { $0.isVisible } }

    // MARK: Time

    private func time(_ world: World, _ visit: Visitor) {
        if world.condemned < generationCount, world.exists(world.condemned), !world.isOld {
            var next = world
            next.isOld = true
            visit("an object is 7 days old", next)
        }
        guard world.ripe < world.condemned else { return }
        var next = world
        for index in 0..<pusherCount { pass(index, &next) }
        next.ripe = world.ripe + 1
        visit("24 h have passed since a key was condemned", next)
    }

    /// What the time means for a pusher, after which one more key is ripe.
    private func pass(_ index: Int, _ world: inout World) {
        var pusher = world.pusher(index)
        let isExpired = rules.boundsListing && pusher.seen <= world.ripe
        switch pusher.stage {
        case .mustPut where isExpired, .ready where isExpired:
            pusher = mustList(pusher)
        // One that was overruled by a commit within the bound has been under way for most of an hour.
        case .sending where isExpired || rules.leavesMargin && pusher.isOverruled:
            guard lateness == .never else {
                pusher.isLate = true
                break
            }
            // Not there in time, so never there.
            leaveQueue(pusher, &world)
            pusher.rank = 0
            pusher.isOverruled = false
            pusher = isExpired ? mustList(pusher) : with(pusher, .ready)
        default: return
        }
        world.set(index, pusher)
    }

    private func with(_ pusher: Pusher, _ stage: Pusher.Stage) -> Pusher {
        var result = pusher
        result.stage = stage
        return result
    }

    private func mustList(_ pusher: Pusher) -> Pusher {
        var result = with(pusher, .mustList)
        result.seen = 0
        return result
    }

    // MARK: Pushers

    private func disturb(_ index: Int, _ world: World, _ visit: Visitor) {
        let pusher = world.pusher(index)
        if pusher.isVisible {
            var next = world
            var changed = pusher
            changed.isVisible = false
            next.set(index, changed)
            visit("a path is removed", next)
        }
        if pusher.stage != .idle, lateness == .always || !pusher.isLate && !pusher.wasLate {
            var next = world
            stop(index, &next)
            visit("a pusher crashes", next)
        }
    }

    private func push(_ index: Int, _ world: World, _ visit: Visitor) {
        var pusher = world.pusher(index)
        var next = world
        switch pusher.stage {
        case .idle:
            // A push that finds its path in place has nothing to do.
            guard !pusher.isVisible else { return }
            pusher.stage = .mustList
            pusher.key = world.told
            next.set(index, pusher)
            visit("a pusher catches up", next)
            for key in 0..<generationCount where key != world.told && world.exists(key) {
                pusher.key = key
                pusher.tellsKey = true
                next.set(index, pusher)
                visit("a pusher catches up and finds what an earlier run had put", next)
            }
        case .mustList:
            pusher.seen = world.condemned
            pusher = pusher.key < world.condemned || pusher.key == Self.nothing ? mustPut(pusher) : with(pusher, .ready)
            if rules.tellsKnownKeys, world.condemned > 0 { pusher.tellsKey = true }
            next.set(index, pusher)
            visit("a pusher lists the condemned keys", next)
        case .mustPut:
            pusher.key = rules.countsGenerations ? pusher.seen : 0
            guard pusher.key < generationCount else { return }
            next.existing = world.existing | 1 &<< pusher.key
            if pusher.key == world.condemned { next.isOld = false }
            pusher.stage = .ready
            pusher.tellsKey = true
            next.set(index, pusher)
            visit("a pusher puts the object", next)
        case .ready:
            pusher.stage = .sending
            pusher.rank = sendingCount(world)
            next.set(index, pusher)
            visit("a pusher stamps its commit", next)
        case .sending:
            land(index, &next)
            visit("a commit takes effect", next)
        case .committed:
            checkAgain(index, &next)
            visit("a pusher lists the condemned keys again", next)
        }
    }

    private func mustPut(_ pusher: Pusher) -> Pusher {
        var result = with(pusher, .mustPut)
        result.key = Self.nothing
        result.tellsKey = false
        return result
    }

    private func sendingCount(_ world: World) -> Int {
        var count = 0
        for index in 0..<pusherCount where world.pusher(index).stage == .sending { count += 1 }
        return count
    }

    /// The end of a run, or of a process; the path stays as it is.
    private func stop(_ index: Int, _ world: inout World) {
        let pusher = world.pusher(index)
        if pusher.stage == .sending { leaveQueue(pusher, &world) }
        var stopped = Pusher()
        stopped.isVisible = pusher.isVisible
        world.set(index, stopped)
    }

    private func leaveQueue(_ pusher: Pusher, _ world: inout World) {
        for index in 0..<pusherCount {
            var other = world.pusher(index)
            guard other.stage == .sending, other.rank > pusher.rank else { continue }
            other.rank -= 1
            world.set(index, other)
        }
    }

    private func land(_ index: Int, _ world: inout World) {
        var pusher = world.pusher(index)
        if pusher.tellsKey, !pusher.isOverruled {
            world.told = pusher.key
            for position in 0..<pusherCount {
                var other = world.pusher(position)
                guard other.stage == .sending, other.rank < pusher.rank else { continue }
                other.isOverruled = true
                world.set(position, other)
            }
        }
        leaveQueue(pusher, &world)
        pusher.isVisible = true
        pusher.rank = 0
        pusher.isOverruled = false
        // What took so long is committed once more under a new stamp.
        pusher.stage = pusher.isLate ? .ready : .committed
        if pusher.isLate {
            pusher.isLate = false
            pusher.wasLate = true
        } else {
            pusher.tellsKey = false
        }
        world.set(index, pusher)
    }

    private func checkAgain(_ index: Int, _ world: inout World) {
        var pusher = world.pusher(index)
        let isHit = rules.countsGenerations ? pusher.key < world.condemned : pusher.seen < world.condemned
        guard rules.checksAfterCommit, isHit else { return stop(index, &world) }
        pusher.seen = world.condemned
        world.set(index, mustPut(pusher))
    }

    // MARK: Collectors

    private func collect(_ index: Int, _ world: World, _ visit: Visitor) {
        var collector = world.collector(index)
        var next = world
        if collector.stage != .idle {
            next.set(index, Collector())
            visit("a collector ends or crashes", next)
            next = world
        }
        switch collector.stage {
        case .idle: read(index, world, visit)
        case .hasRead:
            let key = world.condemned
            guard key < generationCount, world.exists(key), key != collector.key,
                world.isOld || !rules.sparesTheYoung
            else { return }
            collector.stage = .condemns
            collector.key = key
            collector.isHasty = !world.isOld && any(world) { $0.key == key && $0.tellsKey && $0.stage != .mustList }
            next.set(index, collector)
            visit("a collector lists the objects", next)
        case .condemns:
            next.set(index, Collector())
            if world.condemned == collector.key { condemn(&next) }
            visit("a collector condemns a key", next)
        case .deletes:
            for key in 0..<collector.ripe where key != collector.key && world.exists(key) {
                next.existing = world.existing & ~(1 &<< key)
                next.set(index, deletesNothing(collector, next) ? Collector() : collector)
                visit("a collector deletes a key", next)
            }
        }
    }

    private func read(_ index: Int, _ world: World, _ visit: Visitor) {
        let referenced = isReferenced(world) ? world.told : Self.nothing
        var collector = Collector()
        var next = world
        collector.stage = .hasRead
        // What is condemned will not be condemned again, so that it is referenced makes no difference.
        collector.key = referenced < world.condemned ? Self.nothing : referenced
        next.set(index, collector)
        visit("a collector reads the log", next)
        collector.stage = .deletes
        collector.key = rules.readsLogAgain ? referenced : Self.nothing
        collector.ripe = world.ripe
        guard !deletesNothing(collector, world) else { return }
        next.set(index, collector)
        visit("a collector reads the log again, to delete", next)
    }

    private func deletesNothing(_ collector: Collector, _ world: World) -> Bool {
        for key in 0..<collector.ripe where key != collector.key && world.exists(key) { return false }
        return true
    }

    private func condemn(_ world: inout World) {
        world.condemned += 1
        world.isOld = false
        for index in 0..<collectorCount {
            var collector = world.collector(index)
            guard collector.key != Self.nothing, collector.key < world.condemned else { continue }
            if collector.stage == .condemns { world.set(index, Collector()) }
            guard collector.stage == .hasRead else { continue }
            collector.key = Self.nothing
            world.set(index, collector)
        }
    }
}
