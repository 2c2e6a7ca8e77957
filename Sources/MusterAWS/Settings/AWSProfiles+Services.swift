package import MusterHTTP
package import MusterObjects

/// The servers of AWS's services, as its variables and files name them.
extension AWSProfiles {
    /// `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`; nil when none is set.
    package var region: String? {
        self.variable("AWS_REGION") ?? self.variable("AWS_DEFAULT_REGION") ?? self.value("region")
    }

    /// The authorities that `AWS_CA_BUNDLE`, the profile's `ca_bundle` or `SSL_CERT_FILE` names, or the system's.
    package var trust: HTTPTrust {
        (self.variable("AWS_CA_BUNDLE") ?? self.value("ca_bundle") ?? self.variable("SSL_CERT_FILE"))
            .map(HTTPTrust.file) ?? .system
    }

    /// The server that is set for a service: `AWS_ENDPOINT_URL_SERVICE`, `AWS_ENDPOINT_URL`, the profile's `services`
    /// section, its `endpoint_url`. Nil for AWS's own.
    /// - Parameter service: The service's name in the section: `s3`, `batch`, `cloudwatch_logs`.
    /// - Throws: ``ObjectStoreError`` for a text that is no address.
    package func endpoint(of service: String) throws(ObjectStoreError) -> HTTPOrigin? {
        guard let (text, source) = self.endpointText(service) else { return nil }
        guard let origin = HTTPOrigin(text) else {
            throw ObjectStoreError(
                .invalid, "\(text) of \(source) is no address of a server, such as https://host:9000")
        }
        return origin
    }

    private func endpointText(_ service: String) -> (text: String, source: String)? {
        if self.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.lowercased() == "true" { return nil }
        for name in ["AWS_ENDPOINT_URL_\(service.uppercased())", "AWS_ENDPOINT_URL"] {
            if let text = self.variable(name) { return (text, name) }
        }
        if let services = self.value("services"),
            let text = self.config.sections["services \(services)"]?["\(service).endpoint_url"]
        {
            return (text, "the section services \(services) of AWS's config file")
        }
        return self.value("endpoint_url").map { ($0, "the profile \(self.profile)") }
    }

    /// The domain of AWS's own servers in a region.
    package static func domain(_ region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }
}
