extension Place {
    /// Whose prices hold: `directory`, or the name of the bucket's provider; nil for a server that is nobody's in
    /// particular.
    ///
    /// Found in settings and names of hosts, without any request.
    func priceName() throws -> String? {
        switch kind {
        case .directory: return "directory"
        case .bucket(let bucket):
            let provider = try BucketAddress.of(bucket, environment).provider
            return provider.name == .generic ? nil : provider.name.rawValue
        }
    }
}
