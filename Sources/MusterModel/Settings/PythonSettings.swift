/// Of Python environments that nodes make for themselves, where they see nothing but the bucket.
package struct PythonSettings: Sendable, Equatable {
    package var wheels = WheelSource.index

    package init() {}
}

/// The source of packages for such nodes.
package enum WheelSource: String, Sendable, CaseIterable {
    /// An index of packages that the nodes can reach.
    case index
    /// The bucket: the files of all packages travel with the step.
    case store
}
