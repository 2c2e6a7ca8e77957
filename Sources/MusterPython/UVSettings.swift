internal import FoundationEssentials

/// uv's settings: its own where they are set, otherwise pip's, translated.
struct UVSettings: Sendable, Equatable {
    /// The complete environment of uv.
    let environment: [String: String]
    /// Options of `uv pip install` for what has no variable, or whose variable cannot hold every value.
    let options: [String]
    /// The settings that decide which packages are found, in a stable spelling: a part of an environment's key.
    let fingerprint: [String]

    init(environment: [String: String], pip: PipSettings) {
        var variables = environment
        // Variables of an activated environment must not redirect the installation.
        for name in [
            "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_TARGET",
        ] {
            variables[name] = nil
        }
        let isSet = { (names: [String]) in names.contains { !(environment[$0] ?? "").isEmpty } }
        func translate(_ value: String?, to name: String, unless others: [String] = []) {
            guard let value, !value.isEmpty, !isSet([name] + others) else { return }
            variables[name] = value
        }
        translate(pip["index-url"], to: "UV_DEFAULT_INDEX", unless: ["UV_INDEX_URL"])
        let extra = pip.list("extra-index-url")
        translate(extra.joined(separator: " "), to: "UV_EXTRA_INDEX_URL", unless: ["UV_INDEX"])
        // pip takes the best version of all indexes; uv by default stops at the first index that has the package.
        translate(
            extra.isEmpty ? nil : "unsafe-best-match", to: "UV_INDEX_STRATEGY",
            unless: ["UV_INDEX", "UV_EXTRA_INDEX_URL"])
        translate(pip.list("trusted-host").joined(separator: " "), to: "UV_INSECURE_HOST")
        translate(pip.list("constraint").joined(separator: " "), to: "UV_CONSTRAINT")
        translate(pip["cert"], to: "SSL_CERT_FILE")
        translate(pip["client-cert"], to: "SSL_CLIENT_CERT")
        translate(pip["timeout"] ?? pip["default-timeout"], to: "UV_HTTP_TIMEOUT")
        translate(
            pip["proxy"], to: "ALL_PROXY",
            unless: ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "all_proxy"])
        translate(pip.isOn("pre") ? "allow" : nil, to: "UV_PRERELEASE")
        variables["UV_PYTHON_DOWNLOADS"] = "never"
        variables["UV_NO_PROGRESS"] = "1"
        // With PYTHONDONTWRITEBYTECODE each import would compile again.
        if isSet(["PYTHONDONTWRITEBYTECODE"]), !isSet(["UV_COMPILE_BYTECODE"]) {
            variables["UV_COMPILE_BYTECODE"] = "1"
        }
        self.environment = variables
        self.options = Self.options(pip, hasLinks: isSet(["UV_FIND_LINKS"]), hasIndex: isSet(["UV_NO_INDEX"]))
        self.fingerprint = Self.fingerprint(variables) + self.options
    }

    private static func options(_ pip: PipSettings, hasLinks: Bool, hasIndex: Bool) -> [String] {
        var options: [String] = []
        if !hasLinks { options += pip.list("find-links").flatMap { ["--find-links", $0] } }
        if !hasIndex && pip.isOn("no-index") { options.append("--no-index") }
        for option in ["no-binary", "only-binary"] {
            options += (pip[option] ?? "").split { $0 == "," || $0.isWhitespace }.flatMap {
                ["--\(option)", String($0)]
            }
        }
        return options
    }

    private static func fingerprint(_ variables: [String: String]) -> [String] {
        let deciding = [
            "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_STRATEGY", "UV_FIND_LINKS",
            "UV_NO_INDEX", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_BUILD_CONSTRAINT", "UV_PRERELEASE", "UV_RESOLUTION",
            "UV_EXCLUDE_NEWER", "UV_TORCH_BACKEND", "UV_NO_BINARY", "UV_NO_BUILD",
        ]
        let set = deciding.compactMap { name in variables[name].map { "\(name)=\($0)" } }
        let files = ["UV_CONSTRAINT", "UV_OVERRIDE", "UV_BUILD_CONSTRAINT"].flatMap { name in
            (variables[name] ?? "").split(separator: " ").map(String.init)
        }
        let home = variables["XDG_CONFIG_HOME"] ?? variables["HOME"].map { "\($0)/.config" }
        let configuration = [variables["UV_CONFIG_FILE"], home.map { "\($0)/uv/uv.toml" }, "/etc/uv/uv.toml"].compactMap
        { $0 }
        let contents = (files + configuration).compactMap { path in
            FileManager.default.contents(atPath: path).map { "\(path):\(String(decoding: $0, as: UTF8.self))" }
        }
        return set + contents
    }
}
