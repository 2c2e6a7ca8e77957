public import MusterModel

/// The resources that every node of the step reserves on its machine.
@attached(peer)
public macro Resources(cpu: Int = 1, gpu: Int = 0, memory: ByteCount = .bytes(0)) =
    #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute ``Resources(cpu:gpu:memory:)``.
public struct Resources: Decorator {
    public static var name: String { "resources" }
    public var cpu: Int
    public var gpu: Int
    public var memory: ByteCount

    public init(cpu: Int = 1, gpu: Int = 0, memory: ByteCount = .bytes(0)) {
        self.cpu = cpu
        self.gpu = gpu
        self.memory = memory
    }

    public var options: [String: JSONValue] {
        ["cpu": .int(self.cpu), "gpu": .int(self.gpu), "memory": .int(self.memory.bytes)]
    }

    public func apply(to settings: inout StepSettings) {
        settings.resources = MusterModel.Resources(cpu: self.cpu, gpu: self.gpu, memory: self.memory.bytes)
    }
}

/// An amount of memory. Kilo, mega and giga are powers of 1024, as machines count memory.
public struct ByteCount: Sendable, Hashable {
    public var bytes: Int

    public static func bytes(_ count: Int) -> ByteCount { ByteCount(bytes: count) }
    public static func megabytes(_ count: Double) -> ByteCount { ByteCount(bytes: Self.clamp(count * 0x1p20)) }
    public static func gigabytes(_ count: Double) -> ByteCount { ByteCount(bytes: Self.clamp(count * 0x1p30)) }

    /// Saturates instead of overflowing; the engine refuses an amount that no machine has, with its reason.
    private static func clamp(_ count: Double) -> Int {
        Int(exactly: count.rounded()) ?? (count < 0 ? -1 : Int.max)
    }
}
