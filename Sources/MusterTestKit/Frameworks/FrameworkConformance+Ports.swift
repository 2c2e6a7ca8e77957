import MusterFrameworks
import MusterModel

/// Rules about ports: two gangs on one machine must not collide.
extension FrameworkConformance {
    /// Every number that could be a port is one of the context's, and another context gives the same plan with its own.
    func checkPorts<Plan: PlannedTexts>(
        _ plans: [Plan], _ trial: Trial, _ place: String, _ report: Report,
        _ ask: (Trial) throws(FrameworkError) -> [Plan]
    ) throws(FrameworkError) {
        var other = trial
        other.firstPort = 52000
        let shift = other.firstPort - trial.firstPort
        for (own, others) in zip(plans, try ask(other)) {
            let numbers = own.texts.flatMap(\.portNumbers).filter { !self.subject.numbers.contains($0) }
            if let constant = numbers.first(where: { !trial.ports.contains($0) }) {
                return report(
                    FrameworkProblem(
                        rule: .ports, place: place,
                        detail:
                            "\(constant) looks like a port and is none of the gang's; if it is none, name it in `numbers`"
                    ))
            }
            let moved = others.texts.flatMap(\.portNumbers).filter { !self.subject.numbers.contains($0) }
            if moved != numbers.map({ $0 + shift }) {
                return report(
                    FrameworkProblem(
                        rule: .ports, place: place,
                        detail: "with other ports the plan names \(moved) where it named \(numbers)"))
            }
        }
    }
}

/// A plan, with all texts that can contain ports.
protocol PlannedTexts {
    var texts: [String] { get }
}

extension PlannedProcess {
    fileprivate var texts: [String] {
        self.arguments + self.environment.sorted { $0.key < $1.key }.map(\.value)
    }
}

extension SetupPlan: PlannedTexts {
    var texts: [String] {
        let services = self.services.flatMap { service in
            var texts = service.process.texts
            for case .port(let number) in service.readiness.signs { texts.append("\(number)") }
            return texts
        }
        return services + self.environment.sorted { $0.key < $1.key }.map(\.value)
    }
}

extension LaunchPlan: PlannedTexts {
    var texts: [String] { self.processes.flatMap(\.texts) + self.files.map(\.contents) }
}

extension String {
    /// The whole numbers in this text that could be ports, alone or after a colon: from 1024 to 65535.
    var portNumbers: [Int] {
        var numbers: [Int] = []
        var word: [UInt8] = []
        func close() {
            if let number = Int(String(decoding: word, as: UTF8.self)), (1024...65535).contains(number) {
                numbers.append(number)
            }
            word = []
        }
        for byte in self.utf8 {
            // A number within a name, a path or a fraction is no port.
            let isWord =
                byte == 0x2e || byte == 0x2d || byte == 0x5f || (0x30...0x39).contains(byte)
                || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            if isWord { word.append(byte) } else { close() }
        }
        close()
        return numbers
    }
}
