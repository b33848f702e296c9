extension Workspace {
    /// Tells what a repository costs: what is stored a month, and a full fetch once.
    ///
    /// From what was known here when the place was last reached; makes no request.
    public func cost(of place: Place) async throws -> SyncSummary {
        do {
            let started = ContinuousClock.now
            var summary = SyncSummary(command: "cost")
            let store = try await context.knownStore(of: place)
            let estimate = try Estimate(context: context, place: place, store: store)
            let prices = try Prices.of(place)
            let stored = try await store.interruptible { try await store.storedObjects() }
            var report = CostReport(place: "\(place)")
            report.objects = stored.count
            report.bytesStored = stored.encodedBytes
            report.bytesRaw = stored.bytes
            report.fetch = try await estimate.fetchOfEverything()
            report.files = report.fetch.files
            report.dollarsPerMonth = prices?.dollarsPerMonth(stored: stored.encodedBytes)
            report.prices = prices?.named
            summary.cost = report
            summary.filesSeen = report.files
            summary.seconds = (ContinuousClock.now - started).seconds
            return summary
        } catch {
            throw ReplayCacheError(error, doing: "working out what \(place) costs")
        }
    }
}

extension SyncContext {
    /// What is known here of a place that was reached before.
    func knownStore(of place: Place) async throws -> PlaceStore {
        if let record = try await catalog.knownPlace(place) {
            let store = try await PlaceStore.open(record, home: catalog.home)
            if try await store.repositoryID() != nil { return store }
        }
        throw ReplayCacheError(
            .notFound,
            "nothing is known here of \(place)",
            hint: "`replaycache ls \(place)` reads what is there",
            subject: place.canonical
        )
    }
}
