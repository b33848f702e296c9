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

    /// Hears a time when the request was signed for about the same.
    private func hear(_ seconds: Int64, signedFor expected: Int64? = nil) {
        knowledge.heard(at(seconds), expected: at(expected ?? seconds))
    }

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_795_532_400_000 + seconds * 1000) }

    @Test
    func itGoesOnBetweenAnswersInWholeSeconds() {
        #expect(knowledge.serverTime == nil)
        hear(0)
        #expect(knowledge.serverTime == at(0))
        clock.advance(.milliseconds(1999))
        #expect(knowledge.serverTime == at(1))
        hear(5)
        #expect(knowledge.serverTime == at(5))
    }

    @Test
    func theEndOfALongBodyDoesNotSetItBack() {
        hear(0)
        clock.advance(.seconds(100))
        hear(100)
        // The head of this answer was written a hundred seconds ago.
        hear(2)
        #expect(knowledge.serverTime == at(100))
    }

    @Test(arguments: [1_000_000, -1_000_000])
    func oneWrongTimeIsNotBelievedAndTwoThatAgreeAre(_ far: Int64) {
        hear(0)
        hear(far, signedFor: 0)
        #expect(knowledge.serverTime == at(0))
        // A right one between them takes the doubt away.
        hear(0)
        hear(far, signedFor: 0)
        #expect(knowledge.serverTime == at(0))
        hear(far + 1, signedFor: 0)
        #expect(knowledge.serverTime == at(far + 1))
    }

    @Test
    func theFirstTimeIsHeldAgainstTheOneThatWasSigned() {
        hear(86_400, signedFor: 0)
        #expect(knowledge.serverTime == nil)
        hear(2, signedFor: 2)
        #expect(knowledge.serverTime == at(2))
    }

    @Test
    func onlyTheFirstOfManyTellsOfTheClock() {
        #expect(knowledge.setClock(1_200_000))
        #expect(!knowledge.setClock(1_201_000))
        #expect(knowledge.setClock(0))
        #expect(knowledge.address.clockOffset == 0)
    }
}
