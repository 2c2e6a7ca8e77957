import MusterModel

/// A property of a flow whose value is stored between steps.
///
/// ``Flow()`` puts it on every stored `var`. The value is read from the store when it is first touched, and written
/// only when it was changed, so a large artifact costs nothing in the steps that leave it alone.
///
/// An artifact that cannot be read ends the step with the error `store.error`, which names it.
@propertyWrapper
public struct Artifact<Value: Codable> {
    fileprivate enum State {
        /// The default of the declaration.
        case initial(Value)
        /// The value of an earlier step, read from the store on first use.
        case stored(StoredArtifact<Value>)
        /// Set by this step.
        case changed(Value)
        /// Moved out during an in-place change; exclusive access keeps everybody else from reading it.
        case lent
    }

    fileprivate var state: State

    public init(wrappedValue: Value) { self.state = .initial(wrappedValue) }

    public var wrappedValue: Value {
        get { self.read() }
        set { self.state = .changed(newValue) }
        _modify {
            var value = self.take()
            defer { self.state = .changed(value) }
            yield &value
        }
    }

    private func read() -> Value {
        switch self.state {
        case .initial(let value), .changed(let value): value
        case .stored(let stored): stored.value()
        case .lent: StepExit.now("an artifact was read while it was being changed")
        }
    }

    /// The value, uniquely referenced, so that a change in place triggers no copy-on-write.
    private mutating func take() -> Value {
        let state = self.state
        self.state = .lent
        switch consume state {
        case .initial(let value), .changed(let value): return value
        case .stored(var stored): return isKnownUniquelyReferenced(&stored) ? stored.takeValue() : stored.value()
        case .lent: StepExit.now("an artifact was changed while it was being changed")
        }
    }
}

extension Artifact.State: Sendable where Value: Sendable {}
extension Artifact: Sendable where Value: Sendable {}

extension Artifact {
    /// Binds the property to a stored value without reading it.
    mutating func bind(_ stored: StoredArtifact<Value>) { self.state = .stored(stored) }

    /// True once this step has set the property.
    var isChanged: Bool {
        if case .changed = self.state { true } else { false }
    }

    /// The reference of the value in the store; nil when the value is this step's own or the default.
    var reference: ArtifactReference? {
        if case .stored(let stored) = self.state { stored.reference } else { nil }
    }
}
