import MusterObjects
import MusterS3
import MusterWire

/// One item of a request, carried out.
struct TransferWork: Sendable {
    let stores: BucketStores
    let request: TransferRequest

    /// Carries out item `index`.
    /// - Parameter tell: Takes the pages of a listing, which may be many.
    /// - Returns: The last or only answer; it has an error where the item failed.
    func answer(_ index: Int, tell: @Sendable (TransferAnswer) -> Void) async -> TransferAnswer {
        let item = self.request.items[index]
        var answer = TransferAnswer(index: index)
        do throws(ObjectStoreError) {
            let address = try S3Address(item.url)
            do throws(ObjectStoreError) {
                try await self.perform(item, address, &answer, tell)
            } catch {
                if error.code == .credentials { self.stores.forget(address.bucket) }
                throw error
            }
        } catch {
            answer.code = error.code.rawValue
            answer.error = error.message
        }
        return answer
    }

    private func perform(
        _ item: TransferItem, _ address: S3Address, _ answer: inout TransferAnswer, _ tell: (TransferAnswer) -> Void
    ) async throws(ObjectStoreError) {
        let store = try self.stores.store(address.bucket)
        switch self.request.verb {
        case .get: try await self.get(item, address.key, store, &answer)
        case .info: try await self.info(address.key, store, &answer)
        case .put: try await self.put(item, address.key, store, &answer)
        case .list: try await self.list(address.key, store, &answer, tell)
        }
    }

    private func get(
        _ item: TransferItem, _ key: String, _ store: S3ObjectStore, _ answer: inout TransferAnswer
    ) async throws(ObjectStoreError) {
        let fetched = try await store.fetch(key, item.range(), to: item.file())
        answer.take(fetched.object)
        answer.offset = fetched.range.lowerBound
        answer.length = fetched.range.count
    }

    private func info(
        _ key: String, _ store: S3ObjectStore, _ answer: inout TransferAnswer
    ) async throws(ObjectStoreError) {
        guard let facts = try await store.facts(key) else {
            throw ObjectStoreError(.missing, "there is no object \(self.request.items[answer.index ?? 0].url)")
        }
        answer.take(facts)
    }

    private func put(
        _ item: TransferItem, _ key: String, _ store: S3ObjectStore, _ answer: inout TransferAnswer
    ) async throws(ObjectStoreError) {
        let attributes = S3Attributes(
            contentType: item.contentType, encryption: item.encryption, metadata: item.metadata ?? [:])
        let outcome = try await store.send(
            S3FilePiece(item.file(), range: item.piece()), to: key, attributes,
            mode: self.request.replaces == false ? .creating : .replacing)
        answer.isStored = outcome == .stored
    }

    private func list(
        _ prefix: String, _ store: S3ObjectStore, _ answer: inout TransferAnswer, _ tell: (TransferAnswer) -> Void
    ) async throws(ObjectStoreError) {
        var request = ListRequest(prefix: prefix, isShallow: self.request.isRecursive != true)
        while true {
            let page = try await store.list(request)
            answer.objects = page.objects.map { ListedObject(key: $0.key, size: $0.size) }
            answer.folders = page.folders
            guard let next = page.next else { return }
            tell(answer)
            request.after = next
        }
    }
}

extension TransferAnswer {
    fileprivate mutating func take(_ facts: S3ObjectFacts) {
        self.size = facts.size
        self.contentType = facts.contentType
        self.encryption = facts.encryption
        self.metadata = facts.metadata
        self.modified = facts.modified
    }
}

extension TransferItem {
    fileprivate func file() throws(ObjectStoreError) -> String {
        guard let path = self.path, path.hasPrefix("/") else {
            throw ObjectStoreError(.invalid, "\(self.url) needs the absolute path of a file")
        }
        return path
    }

    /// The bytes of the object that are asked for; nil for all of them.
    fileprivate func range() throws(ObjectStoreError) -> S3ByteRange? {
        let offset = self.offset ?? 0
        guard let length = self.length else { return self.offset.map(S3ByteRange.from) }
        if length < 0, length > Int.min { return .last(-length) }
        let (end, isTooMuch) = offset.addingReportingOverflow(length)
        guard offset >= 0, length > 0, !isTooMuch else {
            throw ObjectStoreError(.range, "\(length) bytes from byte \(offset) on are no range of \(self.url)")
        }
        return .within(offset..<end)
    }

    /// The bytes of the file that are sent; nil for all of them.
    fileprivate func piece() throws(ObjectStoreError) -> Range<Int>? {
        guard let offset = self.offset, let length = self.length else { return nil }
        let (end, isTooMuch) = offset.addingReportingOverflow(length)
        guard offset >= 0, length >= 0, !isTooMuch else {
            throw ObjectStoreError(
                .invalid, "\(length) bytes from byte \(offset) on are no part of a file for \(self.url)")
        }
        return offset..<end
    }
}
