import FoundationEssentials
import Glibc
package import MusterModel

/// The resources of this machine, as the kernel reports them.
package enum LocalMachine {
    /// The machine's capacity; `settings` stand in for what is found.
    package static func capacity(environment: [String: String], _ settings: MachineSettings) -> MachineCapacity {
        MachineCapacity(
            cpus: settings.cpus ?? max(1, self.cpus()), memory: settings.memory ?? self.memory(),
            gpus: settings.gpus ?? self.gpus(environment))
    }

    /// Processors that this process may run on, as `Cpus_allowed` of its status counts them: hexadecimal, with commas.
    private static func cpus() -> Int {
        let status = FileManager.default.contents(atPath: "/proc/self/status").map {
            String(decoding: $0, as: UTF8.self)
        }
        let line = (status ?? "").split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
        let allowed = (line ?? "").dropFirst("Cpus_allowed:".count).reduce(0) {
            $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0)
        }
        return allowed > 0 ? allowed : Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// Bytes: what the machine has, or what the control group leaves of it.
    private static func memory() -> Int {
        let machine = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        let group = limits.lazy.compactMap(self.number(in:)).first
        return min(machine, group ?? machine)
    }

    /// The devices that `CUDA_VISIBLE_DEVICES` leaves, or all of them.
    private static func gpus(_ environment: [String: String]) -> Int {
        if let visible = environment["CUDA_VISIBLE_DEVICES"] {
            return visible.split(separator: ",").count { $0 != "-1" }
        }
        let devices = (try? FileManager.default.contentsOfDirectory(atPath: "/dev")) ?? []
        return devices.count { $0.hasPrefix("nvidia") && Int($0.dropFirst(6)) != nil }
    }

    private static func number(in file: String) -> Int? {
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        return Int(String(decoding: data, as: UTF8.self).filter { $0.isNumber })
    }
}
