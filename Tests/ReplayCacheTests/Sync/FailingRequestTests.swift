import ReplayCacheTestSupport
import Synchronization
import Testing

@testable import ReplayCache

/// The n-th request of a command fails for good, n = 1, 2, 3 … until it gets through: the failure is the one that it was,
/// every promise holds, and the same command completes afterwards.
struct FailingRequestTests {
    enum Job: String, CaseIterable { case push, fetch, checkpointPush, checkpointFetch }

    private let scratch: Scratch

    init() throws { scratch = try Scratch(below: Scratch.memory) }

    @Test(arguments: Job.allCases, FailingRemote.Fault.allCases)
    func theRunAfterAFailedRequestCompletes(_ job: Job, _ fault: FailingRemote.Fault) async throws {
        for kind in PlaceKind.allCases {
            var nth = 1
            while try await strike(job, fault, nth, kind) { nth += 1 }
            #expect(nth > 3)
        }
    }

    /// Another machine makes the repository, or adds to it, at any moment of a first push: both succeed, and nothing is lost.
    @Test(arguments: PlaceKind.allCases)
    func aPushByAnotherMachineMayComeInBetweenAnyTwoRequests(_ kind: PlaceKind) async throws {
        var nth = 1
        while true {
            let comment: Comment = "in front of request \(nth) with a \(kind)"
            let place = try await kind.makePlace("between-\(nth)", in: scratch)
            let (one, other) = (
                try await Laptop("one-\(nth)", in: scratch), try await Laptop("other-\(nth)", in: scratch)
            )
            for number in 0..<3 { try one.write("one \(number)", to: "\(number).txt") }
            try other.write("one 1", to: "copy.txt")
            try other.write("other", to: "other.txt")
            let failure = Mutex<(any Error)?>(nil)
            let plan = FailingRemote.Plan(.cancelled, at: nth) {
                do { try await other.push(to: place) } catch { failure.withLock { $0 = error } }
            }
            var transfer = TransferOptions()
            transfer.wrap = { FailingRemote(base: $0, plan: plan) }
            let push = try await Workspace.open(home: one.home, transfer: transfer).push(one.folder, to: place)
            guard plan.strikes > 0 else { break }
            if let error = failure.withLock({ $0 }) { Issue.record(error, comment) }
            #expect(push.failure == nil, comment)
            for laptop in [one, other] { #expect(try await laptop.push(to: place).failure == nil, comment) }
            let audit = try await audit(place)
            #expect(audit.problems.isEmpty, comment)
            let names = ["0.txt", "1.txt", "2.txt", "copy.txt", "other.txt"]
            #expect(audit.entries.keys.sorted() == names.map { "replays/\($0)" }, comment)
            nth += 1
        }
        #expect(nth > 6)
    }

    /// Answers whether there was an `nth` request.
    private func strike(_ job: Job, _ fault: FailingRemote.Fault, _ nth: Int, _ kind: PlaceKind) async throws -> Bool {
        let comment: Comment = "\(fault) at request \(nth) of a \(job) with a \(kind)"
        let name = "\(kind)-\(nth)"
        let place = try await kind.makePlace("\(name)-remote", in: scratch)
        let author = try await Laptop("\(name)-author", in: scratch)
        try write(to: author)
        if job == .fetch { try await author.push(to: place) }
        if job == .checkpointFetch { _ = try await author.workspace.pushCheckpoint([author.folder], to: place, run()) }
        let victim = job == .push || job == .checkpointPush ? author : try await Laptop("\(name)-victim", in: scratch)

        let task = Mutex<Task<Void, any Error>?>(nil)
        let plan = FailingRemote.Plan(fault, at: nth) { task.withLock { $0?.cancel() } }
        var transfer = TransferOptions()
        transfer.wrap = { FailingRemote(base: $0, plan: plan) }
        let workspace = try await Workspace.open(home: victim.home, transfer: transfer)
        let started = Task {
            // The task must be known before it can be cancelled.
            while task.withLock({ $0 == nil }) { await Task.yield() }
            try await perform(job, workspace, victim, place)
        }
        task.withLock { $0 = started }
        let outcome = await started.result
        guard plan.strikes > 0 else {
            try outcome.get()
            return false
        }
        // What is over when the interruption comes may still succeed, and so may what is looked at again when its answer
        // was lost.
        if case .failure(let error) = outcome {
            let code = (error as? ReplayCacheError)?.code
            #expect(code == (fault == .cancelled ? .cancelled : .unavailable), comment)
        } else {
            #expect(fault == .cancelled || fault == .answerLost, comment)
        }
        try await expectPromises(author, victim, job, place, comment)
        try await perform(job, try await Workspace.open(home: victim.home), victim, place)
        try await expectDone(author, victim, job, place, comment)
        return true
    }

    private func write(to author: Laptop) throws {
        for number in 0..<5 { try author.write("file \(number)", to: "\(number % 2)/\(number).txt") }
        try author.write("file 1", to: "copy.txt")
    }

    private func run() -> CheckpointDescription { CheckpointDescription(run: "fox") }

    private func perform(_ job: Job, _ workspace: Workspace, _ victim: Laptop, _ place: Place) async throws {
        switch job {
        case .push: try summary(await workspace.push(victim.folder, to: place))
        case .fetch: try summary(await workspace.fetch(from: place, into: victim.folder))
        case .checkpointPush: try summary(await workspace.pushCheckpoint([victim.folder], to: place, run()))
        case .checkpointFetch:
            let reference = try CheckpointReference("fox")
            try summary(await workspace.fetchCheckpoint(reference, from: place, into: victim.folder).summary)
        }
    }

    private func summary(_ summary: SyncSummary) throws {
        if let failure = summary.failure { throw failure }
    }

    private func expectPromises(
        _ author: Laptop,
        _ victim: Laptop,
        _ job: Job,
        _ place: Place,
        _ comment: Comment
    ) async throws {
        #expect(try await audit(place).problems.isEmpty, comment)
        for name in try victim.files() where !name.contains(PlacedFile.temporaryPrefix) {
            #expect(victim.text(name) == author.text(name), comment)
        }
    }

    private func expectDone(
        _ author: Laptop,
        _ victim: Laptop,
        _ job: Job,
        _ place: Place,
        _ comment: Comment
    ) async throws {
        let audit = try await audit(place)
        #expect(audit.problems.isEmpty, comment)
        #expect(audit.entries.count == 6, comment)
        #expect(try victim.files() == author.files(), comment)
        for name in try victim.files() { #expect(victim.text(name) == author.text(name), comment) }
    }

    private func audit(_ place: Place) async throws -> PlaceAudit {
        if let path = place.localDirectory, !Tree.exists(path) { return try await PlaceAudit(of: nil) }
        let home = try scratch.folder("audit-home")
        return try await PlaceAudit(of: RemoteOpening(place: place, home: home, settings: RemoteSettings()).open())
    }
}

extension PlaceKind {
    /// As ``place(in:)``, under a name of its own.
    fileprivate func makePlace(_ name: String, in scratch: Scratch) async throws -> Place {
        self == .directory ? try scratch.place(name) : try await place(in: scratch)
    }
}
