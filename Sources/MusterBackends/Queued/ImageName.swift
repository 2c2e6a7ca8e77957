/// Names of container images.
package enum ImageName {
    /// The image in the registry, unless its own name begins with one: a part with a point or a colon, or `localhost`.
    package static func of(_ name: String, in registry: String?) -> String {
        guard let registry, !name.isEmpty, !self.hasRegistry(name) else { return name }
        return registry.hasSuffix("/") ? registry + name : "\(registry)/\(name)"
    }

    /// True for a name whose first part is a registry's, as all runtimes decide it.
    package static func hasRegistry(_ name: String) -> Bool {
        let parts = name.split(separator: "/", maxSplits: 1)
        let first = parts.first ?? ""
        return parts.count == 2 && (first.contains(".") || first.contains(":") || first == "localhost")
    }
}
