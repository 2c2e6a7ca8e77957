/// The addresses and the port at which node 0 accepts the workers' connections.
package struct ControlPoint: Codable, Sendable, Hashable {
    package var incarnation: String
    /// All of its addresses, the likeliest first.
    package var addresses: [String]
    package var port: Int

    package init(incarnation: String, addresses: [String], port: Int) {
        self.incarnation = incarnation
        self.addresses = addresses
        self.port = port
    }
}
