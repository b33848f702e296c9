/// What can be put right at once: the clock, the region, credentials that expired.
extension S3Client {
    /// Whether the request is worth another try without a wait, since something was put right.
    func amend(_ failure: S3Failure, _ history: inout History) async throws -> Bool {
        // Twice, since one answer may have told a wrong time.
        if let offset = clockOffset(in: failure), history.clockCorrections < 2 {
            history.clockCorrections += 1
            if knowledge.setClock(offset), offset != 0 {
                settings.report(.clockCorrected(offset: .milliseconds(offset), host: connection.endpoint.host))
            }
            return true
        }
        if !history.hasFollowedRegion, failure.trouble == .region || failure.region != nil, follow(failure) {
            history.hasFollowedRegion = true
            return true
        }
        if failure.trouble == .expired, !history.hasReloaded {
            history.hasReloaded = true
            history.isReloading = true
            return true
        }
        return false
    }

    /// A difference that explains why the server does not take a signature (`s3-compat.md` section 1).
    private func clockOffset(in failure: S3Failure) -> Int64? {
        guard failure.status == 403 || failure.status == 400, let time = failure.serverTime else { return nil }
        let offset = time.milliseconds - Timestamp.now().milliseconds
        guard abs(offset - failure.signedFor.clockOffset) > S3Knowledge.clockTolerance else { return nil }
        return abs(offset) > S3Knowledge.clockTolerance ? offset : 0
    }

    /// Signs for the region that a failure tells of; false when it was signed for that one.
    private func follow(_ failure: S3Failure) -> Bool {
        let current = knowledge.address.region
        // Of many requests in flight one finds the region, the others need only be signed anew.
        if current != failure.signedFor.region, failure.region ?? current == current { return true }
        guard let region = failure.region, region != failure.signedFor.region else { return false }
        knowledge.follow(region, connection)
        settings.report(.regionFollowed(bucket: connection.bucket, region: region))
        return true
    }

    /// Asks again for what the answer to a HEAD, which has no body, does not tell: a listing of the same key gets the same
    /// refusal, with its code.
    func explained(_ failure: S3Failure, _ history: inout History) async throws -> S3Failure {
        guard failure.request.method == .head, Self.isUnclear(failure), !history.hasAskedAgain else { return failure }
        history.hasAskedAgain = true
        var probe = S3Request(purpose: .list, method: .get)
        probe.query = [
            (name: "list-type", value: "2"), (name: "max-keys", value: "1"),
            (name: "prefix", value: failure.request.key ?? ""),
        ]
        let meter = TransferMeter(now: pacing.now)
        do {
            _ = try await attempt(probe, History(startedAt: 0), nil, .collected(maximum: 1 << 20), meter) { $0 }
            return failure
        } catch let found as S3Failure where found.code != nil {
            var found = found
            found.request = failure.request
            return found
        } catch is S3Failure {
            return failure
        }
    }

    private static func isUnclear(_ failure: S3Failure) -> Bool {
        failure.transport == nil && failure.code == nil && failure.region == nil
            && [301, 307, 400, 401, 403].contains(failure.status)
    }
}
