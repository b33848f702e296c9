import ReplayCacheTestSupport
import Testing

@testable import ReplayCache

/// Prices: one dated file, and what is made of it.
struct PricesTests {
    private func row(_ name: String) throws -> Prices { try #require(try Prices.all().first { $0.provider == name }) }

    @Test
    func everyRowIsWholeAndDated() throws {
        let rows = try Prices.all()
        let names = rows.map(\.provider)
        #expect(Set(names).count == names.count)
        #expect(Set(names).isSuperset(of: ["directory", "b2", "r2", "aws"]))
        for row in rows {
            #expect(row.provider == "directory" || Provider.Name(rawValue: row.provider) != nil)
            #expect(Set(row.requestClasses.keys) == ["put", "get", "head", "list", "delete"], "\(row.provider)")
            #expect(!row.source.isEmpty && row.asOf.wholeMatch(of: /20\d\d(-\d\d){0,2}/) != nil)
            #expect(row.dollarsPerGBMonth >= 0 && row.dollarsPerGBOut >= 0)
            let priced = Set(row.dollarsPerMillion.keys)
            #expect(priced.isSubset(of: Set(row.requestClasses.values)))
            #expect(Set(row.requestClasses.values).subtracting(priced).isSubset(of: ["free"]))
        }
    }

    @Test
    func requestsAreChargedByClass() throws {
        let requests = RequestCounts(put: 1_000_000, get: 2_000_000, head: 500_000, list: 1000, delete: 7)
        let r2 = try row("r2")
        #expect(r2.classes(of: requests) == ["A": 1_001_000, "B": 2_500_000, "free": 7])
        #expect(abs(r2.dollars(for: requests) - (4.5045 + 0.9)) < 1e-9)
        #expect(abs(try row("aws").dollars(for: requests) - (5.005 + 1.0)) < 1e-9)
        #expect(try row("b2").classes(of: requests) == ["A": 1_000_007, "B": 2_500_000, "C": 1000])
        for name in ["b2", "directory"] { #expect(try row(name).dollars(for: requests) == 0) }
        #expect(r2.classes(of: RequestCounts()).isEmpty)
    }

    @Test
    func bytesAreChargedWhereTheyLeave() throws {
        let gigabyte: Int64 = 1_000_000_000
        #expect(abs(try row("aws").dollars(forOutgoing: 10 * gigabyte, stored: 5 * gigabyte) - 0.9) < 1e-9)
        #expect(try row("r2").dollars(forOutgoing: 1000 * gigabyte, stored: 0) == 0)
        // Three times what is stored leaves for nothing.
        #expect(try row("b2").dollars(forOutgoing: 15 * gigabyte, stored: 5 * gigabyte) == 0)
        #expect(abs(try row("b2").dollars(forOutgoing: 16 * gigabyte, stored: 5 * gigabyte) - 0.01) < 1e-9)
        #expect(abs(try row("b2").dollarsPerMonth(stored: 1000 * gigabyte) - 6.95) < 1e-9)
    }

    @Test
    func aPlaceHasThePricesOfItsProvider() throws {
        let scratch = try Scratch()
        #expect(try Prices.of(scratch.place())?.provider == "directory")
        let keys = ["B2_KEY_ID": "id", "B2_APP_KEY": "key"]
        #expect(try Prices.of(Place("b2:bucket/melee", environment: EnvironmentVariables(keys)))?.provider == "b2")
        let r2 = ["R2_ACCESS_KEY": "id", "R2_SECRET_KEY": "key", "R2_ACCOUNT_ID": "0123456789abcdef0123456789abcdef"]
        #expect(try Prices.of(Place("r2:bucket", environment: EnvironmentVariables(r2)))?.provider == "r2")
        #expect(try Prices.of(Place("s3:bucket", environment: EnvironmentVariables([:])))?.provider == "aws")
        let other = EnvironmentVariables(["AWS_ENDPOINT_URL": "https://minio.example:9000"])
        #expect(try Prices.of(Place("s3:bucket", environment: other)) == nil)
    }

    @Test
    func whatIsStoredAndAFullFetchAreReckonedWithoutARequest() async throws {
        let scratch = try Scratch()
        let laptop = try await Laptop("laptop", in: scratch)
        let place = try scratch.place()
        await #expect {
            _ = try await laptop.workspace.cost(of: place)
        } throws: { ($0 as? ReplayCacheError)?.code == .notFound }
        for number in 0..<5 { try laptop.write("game \(number)", to: "\(number).txt") }
        try laptop.write("game 1", to: "copy.txt")
        try laptop.write("", to: "zeros.bin")
        try Tree.truncate(laptop.at("zeros.bin"), to: 3 * Recipe.partByteCount)
        try await laptop.push(to: place)
        let objects = "\(place.directory)/objects"
        let stored = try Tree.files(below: objects).map { try Tree.status("\(objects)/\($0)").size }
        // Not even the folder is needed.
        try Tree.move(place.directory, to: scratch.at("away"))
        let summary = try await laptop.workspace.cost(of: place)
        let cost = try #require(summary.cost)
        #expect(summary.requests == RequestCounts())
        #expect(cost.objects == stored.count)
        #expect(cost.bytesStored == stored.reduce(0, +))
        #expect(cost.files == 7)
        #expect(cost.dollarsPerMonth == 0)
        // Five contents, a recipe, and at most three parts.
        #expect(cost.fetch.requests == RequestCounts(get: 9, list: 1))
        #expect(cost.fetch.isEstimated)
    }
}
