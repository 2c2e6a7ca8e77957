import Glibc
import MusterSystem
import MusterWire

/// The one copy of a broadcast file that the receiving nodes of a machine share: what each of them has is a link to it.
///
/// It is as large as the file, however many nodes there are, on the disk and in memory. Nobody may write to it, which its
/// mode says. The first node to lock it makes it; one that dies meanwhile leaves the lock to the next.
struct SharedCopy {
    let offer: BroadcastOffer

    /// Links the copy to `place`, and makes it first when it is not there.
    func link(to place: String) -> AgentError? {
        // A finished copy may only be read.
        guard
            let copy = (try? OpenFile(self.offer.shared, O_RDWR | O_CREAT, mode: 0o600))
                ?? (try? OpenFile(self.offer.shared, O_RDONLY))
        else { return .system("make the file \(self.offer.shared)") }
        copy.lock(.exclusive)
        if !self.isFinished(copy), let problem = self.fill(copy.descriptor) { return problem }
        guard Glibc.link(self.offer.shared, place) == 0 else { return .system("link \(self.offer.shared) to \(place)") }
        return nil
    }

    /// The mode tells: an unfinished copy belongs to its maker alone.
    private func isFinished(_ copy: OpenFile) -> Bool {
        (try? copy.status()).map { Int($0.permissions) } == BroadcastPlace.mode(of: self.offer)
    }

    private func fill(_ descriptor: CInt) -> AgentError? {
        guard let source = try? OpenFile(self.offer.source.path, O_RDONLY) else {
            return .system("read \(self.offer.source.path)")
        }
        guard ftruncate(descriptor, 0) == 0 else { return .system("write \(self.offer.shared)") }
        if let problem = FileCopy.copy(from: source.descriptor, to: descriptor, size: self.offer.size) {
            return AgentError("cannot copy \(self.offer.source.path) to \(self.offer.shared): \(problem)")
        }
        guard fchmod(descriptor, mode_t(BroadcastPlace.mode(of: self.offer))) == 0 else {
            return .system("write \(self.offer.shared)")
        }
        return nil
    }
}
