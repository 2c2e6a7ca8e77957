import Synchronization

/// A value that a test hands to another thread.
final class Box: Sendable {
    let folder = Mutex("")
}
