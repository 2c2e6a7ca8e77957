import Glibc
import MusterSystem
import MusterWire

/// The one copy of a broadcast file that the receiving nodes of a machine hard-link, so that disk and page cache hold it once.
///
/// Its mode forbids writes. The first node that gets the `flock` makes it; the kernel passes the lock on when that node dies.
struct SharedCopy {
    let offer: BroadcastOffer

    /// Links the copy to `place`, and makes it first when it is not finished.
    func link(to place: String) -> AgentError? {
        // A finished copy is read-only.
        guard
            let copy = (try? OpenFile(self.offer.shared, O_RDWR | O_CREAT, mode: 0o600))
                ?? (try? OpenFile(self.offer.shared, O_RDONLY))
        else { return .system("make the file \(self.offer.shared)") }
        copy.lock(.exclusive)
        if !self.isFinished(copy), let problem = self.fill(copy.descriptor) { return problem }
        guard Glibc.link(self.offer.shared, place) == 0 else { return .system("link \(self.offer.shared) to \(place)") }
        return nil
    }

    /// An unfinished copy has mode 0600.
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
