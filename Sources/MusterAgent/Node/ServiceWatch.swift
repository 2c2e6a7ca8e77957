import MusterFrameworks
import MusterProcess

/// Waits for the signs by which a service of the cluster is ready: a text in its output or in a file, or an open port.
struct ServiceWatch {
    private let signs: [PlannedService.Readiness]
    private let address: String
    private let seconds: Double
    private let interval: Double
    private let onReady: @Sendable () -> Void
    /// Takes the service's output; nil when no sign is looked for in it.
    let onOutput: (@Sendable (UnsafeRawBufferPointer) -> Void)?

    /// - Parameters:
    ///   - seconds: After these the probes of ports and files end.
    ///   - interval: Seconds between two probes.
    ///   - onReady: Called for every sign that is found.
    init(
        _ signs: [PlannedService.Readiness], address: String, seconds: Double, interval: Double,
        onReady: @escaping @Sendable () -> Void
    ) {
        self.signs = signs
        self.address = address
        self.seconds = seconds
        self.interval = interval
        self.onReady = onReady
        let watches = signs.compactMap { sign -> TextWatch? in
            guard case .output(let text) = sign else { return nil }
            return TextWatch(for: text, onFound: onReady)
        }
        let append: @Sendable (UnsafeRawBufferPointer) -> Void = { for watch in watches { watch.append($0) } }
        self.onOutput = watches.isEmpty ? nil : append
    }

    /// Probes ports and files until the sign is there.
    func start(_ services: AgentServices) {
        for sign in self.signs {
            switch sign {
            case .started, .output, .first: break
            case .port(let number):
                PortProbe(
                    address: self.address, port: number, seconds: self.seconds, interval: self.interval,
                    clock: services.clock
                ).wait(on: services.sockets, onOpen: self.onReady)
            case .file(let path, let text):
                FileProbe(
                    path: path, text: text, seconds: self.seconds, interval: self.interval, clock: services.clock
                ).wait(on: services.files, onFound: self.onReady)
            }
        }
    }
}
