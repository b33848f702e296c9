/// What a commit may name: the objects of a repository that are not condemned, and new keys beside those that are.
struct ObjectStock: Sendable {
    let catalog: Catalog
    let repository: Repository

    /// The object that a commit may name for a content; nil when the content is to be stored, anew or for the first time.
    func object(of digest: Digest) async throws -> PlaceStore.StoredObject? {
        guard let object = try await repository.store.object(of: digest), try await mayName(object.key) else {
            return nil
        }
        return object
    }

    /// Whether a commit may name a key: a condemned one is never named again (`design.md` section 3).
    ///
    /// A recipe that may be named has no condemned part: collectors keep the parts of every recipe that they do not
    /// condemn, and what is condemned meanwhile shows when the commit looks again.
    func mayName(_ key: ObjectKey) async throws -> Bool { try await repository.mayName(key) }

    /// A key under which a content may be stored: of the first generation that is not condemned.
    func newKey(for digest: Digest, form: ObjectKey.Form) async throws -> ObjectKey {
        ObjectKey(digest: digest, generation: try await repository.nextGeneration(of: digest), form: form)
    }
}
