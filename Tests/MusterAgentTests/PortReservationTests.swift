import Glibc
import MusterProcess
import Testing

@testable import MusterAgent

@Suite struct PortReservationTests {
    /// Binds and listens at `port` as a server does; the error when it cannot.
    static func serve(_ port: Int, reusesAddress: Bool = true) -> CInt? {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var yes: CInt = reusesAddress ? 1 : 0
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        return isBound && listen(descriptor, 1) == 0 ? nil : errno
    }

    @Test(
        "Reserved ports are all different, in one reservation and in several at once", arguments: ["127.0.0.1", "::1"])
    func different(address: String) throws {
        let reservations = try (0..<20).map { _ in try PortReservation(count: 10, address: address) }
        let ports = reservations.flatMap(\.ports)
        #expect(Set(ports).count == 200)
        #expect(ports.allSatisfy { (1024...65535).contains($0) })
    }

    @Test("A port that is held is given to nobody who asks for any port")
    func held() throws {
        let reservation = try PortReservation(count: 50, address: "127.0.0.1")
        let others = try PortReservation(count: 500, address: "127.0.0.1")
        #expect(Set(others.ports).isDisjoint(with: reservation.ports))
    }

    @Test("A server that allows its address to be used again gets a held port, one that does not is refused")
    func served() throws {
        let reservation = try PortReservation(count: 1, address: "127.0.0.1")
        let port = try #require(reservation.ports.first)
        #expect(Self.serve(port) == nil)
        #expect(Self.serve(port, reusesAddress: false) == EADDRINUSE)
    }

    @Test("Another process can serve at a held port")
    func otherProcess() async throws {
        let reservation = try PortReservation(count: 1, address: "127.0.0.1")
        let port = try #require(reservation.ports.first)
        let reactor = try ProcessReactor()
        let program = "import socket; s = socket.create_server(('127.0.0.1', \(port))); s.close()"
        let status = await withCheckedContinuation {
            (continuation: CheckedContinuation<MusterProcess.ExitStatus?, Never>) in
            do throws(SpawnError) {
                _ = try reactor.spawn(
                    ProcessSpec(
                        executable: "python3", arguments: ["-c", program], environment: ["PATH": "/usr/bin:/bin"],
                        newSession: true),
                    onOutput: { _, _ in }, onExit: { continuation.resume(returning: $0) })
            } catch {
                continuation.resume(returning: nil)
            }
        }
        #expect(status == .exited(0))
    }

    @Test("Ports are free again when the reservation has gone")
    func released() throws {
        var reservation: PortReservation? = try PortReservation(count: 5, address: "127.0.0.1")
        let ports = reservation?.ports ?? []
        #expect(ports.count == 5)
        for port in ports { #expect(Self.serve(port, reusesAddress: false) == EADDRINUSE) }
        reservation = nil
        for port in ports { #expect(Self.serve(port, reusesAddress: false) == nil) }
    }
}
