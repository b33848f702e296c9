extension [PlaceStore.Refusal] {
    /// Lines of one segment that are told one by one; a hostile segment has millions.
    private static var toldCount: Int { 10 }

    /// The same for people: the first ones, and how many more there are.
    var warnings: [Repository.Warning] {
        var warnings = prefix(Self.toldCount).map { refusal in
            Repository.Warning(message: "\(refusal.segment) line \(refusal.line): \(refusal.reason)", isDamage: true)
        }
        if count > Self.toldCount, let segment = first?.segment {
            let more = Decimals.grouped(count - Self.toldCount)
            warnings.append(.init(message: "\(segment): \(more) more lines cannot be used", isDamage: true))
        }
        return warnings
    }
}
