import Glibc
import MusterWire

/// The one copy of a broadcast file that the receiving nodes of a machine share: what each of them has is a link to it.
///
/// It is as large as the file, however many nodes there are, on the disk and in memory. Nobody may write to it, which its
/// mode says. The first node to lock it makes it; one that dies meanwhile leaves the lock to the next.
struct SharedCopy {
    let offer: BroadcastOffer

    /// Links the copy to `place`, and makes it first when it is not there.
    func link(to place: String) -> AgentError? {
        let copy = open(self.offer.shared, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        // Whoever finds it finished may only read it.
        let descriptor = copy >= 0 ? copy : open(self.offer.shared, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .system("make the file \(self.offer.shared)") }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
        if !self.isFinished(descriptor), let problem = self.fill(descriptor) { return problem }
        guard Glibc.link(self.offer.shared, place) == 0 else { return .system("link \(self.offer.shared) to \(place)") }
        return nil
    }

    /// The mode tells: an unfinished copy belongs to its maker alone.
    private func isFinished(_ descriptor: CInt) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && Int(status.st_mode & 0o777) == BroadcastPlace.mode(of: self.offer)
    }

    private func fill(_ descriptor: CInt) -> AgentError? {
        let source = open(self.offer.source.path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { return .system("read \(self.offer.source.path)") }
        defer { close(source) }
        guard ftruncate(descriptor, 0) == 0 else { return .system("write \(self.offer.shared)") }
        if let problem = FileCopy.copy(from: source, to: descriptor, size: self.offer.size) {
            return AgentError("cannot copy \(self.offer.source.path) to \(self.offer.shared): \(problem)")
        }
        guard fchmod(descriptor, mode_t(BroadcastPlace.mode(of: self.offer))) == 0 else {
            return .system("write \(self.offer.shared)")
        }
        return nil
    }
}
