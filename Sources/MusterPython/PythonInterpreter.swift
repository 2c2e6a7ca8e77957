internal import FoundationEssentials

/// An interpreter as it describes itself.
package struct PythonInterpreter: Codable, Sendable, Hashable {
    /// The program, with shims and links resolved.
    package var path: String
    /// `3.11.7`.
    package var version: String
    /// The ABI of compiled packages, such as `cpython-311-x86_64-linux-gnu`.
    package var abi: String
    /// Such as `linux-x86_64`, with the C library's version.
    package var platform: String
    /// The folder it is installed in.
    package var prefix: String

    /// A program that prints an interpreter's description. It runs from Python 2.7 on, so that an old one is reported
    /// as too old.
    static let question = """
        import json, os, platform, sys, sysconfig
        print(json.dumps({"path": os.path.realpath(sys.executable), "version": "%d.%d.%d" % sys.version_info[:3], \
        "abi": sysconfig.get_config_var("SOABI") or "", "prefix": sys.prefix, \
        "platform": sysconfig.get_platform() + "-" + "-".join(platform.libc_ver())}))
        """

    /// True if this version matches `3`, `3.11` or `3.11.7`.
    func isVersion(_ wanted: String) -> Bool {
        self.version == wanted || self.version.hasPrefix(wanted + ".")
    }
}
