package import MusterModel

/// Carries the objects of attempts between the engine's folder and nodes that do not see it.
///
/// Both sides go on reading and writing files. Every function throws the error of whatever is between them.
package protocol AttemptCourier: Sendable {
    /// Where nodes find the attempt's order: the argument of `muster-agent node --order`. It holds no secret.
    func orderAddress(of attempt: AttemptID) -> String
    /// Takes objects that the engine has written to where the nodes look for them.
    func send(_ objects: [AttemptObject], of attempt: AttemptID) async throws
    /// Brings what nodes of the run have written since the last time.
    func fetch() async throws
    /// Removes objects where the nodes look for them.
    func remove(_ objects: [AttemptObject], of attempt: AttemptID) async throws
    /// Brings the attempt's last words, then removes all of its objects.
    func clear(_ attempt: AttemptID) async throws
    /// Clears the run's attempts that are not in `alive`.
    func clear(but alive: Set<AttemptID>) async throws
}
