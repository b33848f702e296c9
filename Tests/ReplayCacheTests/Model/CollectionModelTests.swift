import FoundationEssentials
import Testing

/// The protocol of commits and collectors, and what becomes of it without each of its rules.
///
/// `REPLAYCACHE_MODEL=large` follows every run through three generations as well: some gigabytes and minutes.
struct CollectionModelTests {
    private static let isLarge = ProcessInfo.processInfo.environment["REPLAYCACHE_MODEL"] == "large"

    private static func explore(_ name: String, _ model: CollectionModel) -> StateSpace {
        let space = StateSpace(model)
        print("model of garbage collection, \(name): \(space.count) states, \(space.stepCount) steps")
        return space
    }

    @Test
    func threePushersAndTwoCollectorsLoseNothing() {
        let space = Self.explore("as it is", CollectionModel())
        #expect(space.failure == nil, "\(space.failure.map(String.init(describing:)) ?? "")")
        // A model that got stuck would prove nothing.
        #expect(space.count > 300_000)
    }

    @Test
    func aCommitThatTakesEffectLateIsRepairedByItsSender() {
        var model = CollectionModel()
        model.lateness = .ofTheLiving
        model.pusherCount = 2
        let space = Self.explore("with late commits", model)
        #expect(space.failure == nil, "\(space.failure.map(String.init(describing:)) ?? "")")
        #expect(space.count > 200_000)
    }

    @Test(.enabled(if: isLarge))
    func nothingIsLostInTheLargerModelsEither() {
        var generations = CollectionModel()
        generations.generationCount = 3
        var late = CollectionModel()
        late.lateness = .ofTheLiving
        for (name, model) in [("three generations", generations), ("late commits of three pushers", late)] {
            let space = Self.explore(name, model)
            #expect(space.failure == nil, "\(space.failure.map(String.init(describing:)) ?? "")")
        }
    }

    /// Rules without which a path is lost whose push was acknowledged, or that anybody could see.
    enum Rule: String, CaseIterable {
        case countGenerations, boundTheListing, readTheLogAgain, leaveMargin, tellKnownKeys
    }

    @Test(arguments: Rule.allCases)
    func everyRuleIsNeeded(_ rule: Rule) {
        var model = CollectionModel()
        switch rule {
        case .countGenerations: model.rules.countsGenerations = false
        case .boundTheListing: model.rules.boundsListing = false
        case .readTheLogAgain: model.rules.readsLogAgain = false
        case .leaveMargin: model.rules.leavesMargin = false
        case .tellKnownKeys: model.rules.tellsKnownKeys = false
        }
        #expect(Self.explore("no \(rule)", model).failure?.harm == .lost)
    }

    /// While every commit takes effect in time, the bound alone would do; the check is for the one that does not.
    @Test
    func theCheckAfterACommitIsNeededForLateOnes() {
        var model = CollectionModel()
        model.pusherCount = 2
        model.rules.checksAfterCommit = false
        #expect(Self.explore("no check, commits in time", model).failure == nil)
        model.lateness = .ofTheLiving
        #expect(Self.explore("no check, late commits", model).failure?.harm == .lost)
    }

    /// The seven days save work, not data.
    @Test
    func theAgeOfWhatIsCondemnedKeepsUploadsFromBeingInVain() {
        var model = CollectionModel()
        model.pusherCount = 2
        model.rules.sparesTheYoung = false
        #expect(Self.explore("young objects condemned", model).failure?.harm == .uploadInVain)
        #expect(StateSpace(model, until: [.lost]).failure == nil)
    }

    /// What is not promised: a commit that takes effect after its time, sent by a process that died meanwhile.
    @Test
    func aLateCommitOfTheDeadMayNameWhatIsGone() {
        var model = CollectionModel()
        model.lateness = .always
        #expect(Self.explore("late commits of the dead", model).failure?.harm == .lost)
    }
}
