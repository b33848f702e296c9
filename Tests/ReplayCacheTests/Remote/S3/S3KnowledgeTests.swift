import Testing

@testable import ReplayCache

/// The time at the server, from `Date` headers that come in any order.
struct S3KnowledgeTests {
    private let clock = Instants()
    private let knowledge: S3Knowledge

    init() {
        let connection = S3Connection(
            provider: .generic,
            endpoint: S3Endpoint(host: "127.0.0.1"),
            region: "us-east-1",
            bucket: "fox",
            prefix: "",
            credentials: FixedS3Credentials(
                S3Credentials(accessKeyID: "k", secretAccessKey: Secret("s"), source: "a test")
            )
        )
        let clock = clock
        knowledge = S3Knowledge(connection, now: { clock.now })
    }

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_795_532_400_000 + seconds * 1000) }

    @Test
    func itGoesOnBetweenAnswersInWholeSeconds() {
        #expect(knowledge.serverTime == nil)
        knowledge.heard(at(0))
        #expect(knowledge.serverTime == at(0))
        clock.advance(.milliseconds(1999))
        #expect(knowledge.serverTime == at(1))
        knowledge.heard(at(5))
        #expect(knowledge.serverTime == at(5))
    }

    @Test
    func theEndOfALongBodyDoesNotSetItBack() {
        knowledge.heard(at(0))
        clock.advance(.seconds(100))
        knowledge.heard(at(100))
        // The head of this answer was written a hundred seconds ago.
        knowledge.heard(at(2))
        #expect(knowledge.serverTime == at(100))
    }

    @Test
    func aClockThatIsSetIsFollowed() {
        knowledge.heard(at(1_000_000))
        knowledge.heard(at(0))
        #expect(knowledge.serverTime == at(0))
    }

    @Test
    func onlyTheFirstOfManyTellsOfTheClock() {
        #expect(knowledge.setClock(1_200_000))
        #expect(!knowledge.setClock(1_201_000))
        #expect(knowledge.setClock(0))
        #expect(knowledge.address.clockOffset == 0)
    }
}
