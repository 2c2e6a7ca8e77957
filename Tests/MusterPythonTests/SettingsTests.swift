import Foundation
import Testing

@testable import MusterPython

@Suite struct SettingsTests {
    private func settings(_ environment: [String: String], files: [String: String] = [:]) throws -> UVSettings {
        let root = FileManager.default.temporaryDirectory.appending(path: "muster-pip-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (name, text) in files {
            let file = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        var complete = environment.mapValues { $0.replacing("ROOT", with: root.path) }
        complete["HOME"] = root.path
        complete["XDG_CONFIG_DIRS"] = "\(root.path)/xdg"
        return UVSettings(environment: complete, pip: PipSettings(environment: complete, prefix: "\(root.path)/prefix"))
    }

    @Test("pip's variables are told to uv in its own words")
    func variables() throws {
        let settings = try self.settings([
            "PIP_INDEX_URL": "https://a/simple", "PIP_EXTRA_INDEX_URL": "https://b/simple https://c/simple",
            "PIP_CERT": "/cert.pem", "PIP_NO_INDEX": "true", "PIP_FIND_LINKS": "/one /two", "PIP_ONLY_BINARY": ":all:",
            "PIP_CONFIG_FILE": "/dev/null",
        ])
        #expect(settings.environment["UV_DEFAULT_INDEX"] == "https://a/simple")
        #expect(settings.environment["UV_EXTRA_INDEX_URL"] == "https://b/simple https://c/simple")
        #expect(settings.environment["UV_INDEX_STRATEGY"] == "unsafe-best-match")
        #expect(settings.environment["SSL_CERT_FILE"] == "/cert.pem")
        #expect(settings.environment["UV_PYTHON_DOWNLOADS"] == "never")
        #expect(
            settings.options == [
                "--find-links", "/one", "--find-links", "/two", "--no-index", "--only-binary", ":all:",
            ])
    }

    @Test("uv's own settings go before pip's")
    func ownSettings() throws {
        let settings = try self.settings([
            "PIP_INDEX_URL": "https://a/simple", "UV_INDEX_URL": "https://mine/simple", "PIP_FIND_LINKS": "/one",
            "UV_FIND_LINKS": "/mine", "PIP_CERT": "/cert.pem", "SSL_CERT_FILE": "/mine.pem",
            "PIP_CONFIG_FILE": "/dev/null",
        ])
        #expect(settings.environment["UV_DEFAULT_INDEX"] == nil)
        #expect(settings.environment["SSL_CERT_FILE"] == "/mine.pem")
        #expect(settings.options == [])
    }

    @Test(
        "pip's files count in pip's order: system, user, interpreter, named file, variable; [install] before [global]")
    func files() throws {
        let files = [
            "xdg/pip/pip.conf": "[global]\nindex-url = https://system\ntimeout = 1\n",
            ".pip/pip.conf": "[global]\nindex-url = https://legacy\n",
            ".config/pip/pip.conf":
                "# words\n[global]\nindex_url: https://user\nfind-links =\n    /one\n    /two\n[list]\nindex-url = https://no\n",
            "prefix/pip.conf": "[install]\nextra-index-url = https://prefix\n",
            "named.conf": "[global]\nindex-url = https://named\n",
        ]
        let user = try self.settings([:], files: files)
        #expect(user.environment["UV_DEFAULT_INDEX"] == "https://user")
        #expect(user.environment["UV_EXTRA_INDEX_URL"] == "https://prefix")
        #expect(user.environment["UV_HTTP_TIMEOUT"] == "1")
        #expect(Array(user.options.prefix(4)) == ["--find-links", "/one", "--find-links", "/two"])
        let named = try self.settings(["PIP_CONFIG_FILE": "ROOT/named.conf"], files: files)
        #expect(named.environment["UV_DEFAULT_INDEX"] == "https://named")
        #expect(!named.options.contains("/one"))
        let variable = try self.settings(["PIP_INDEX_URL": "https://variable"], files: files)
        #expect(variable.environment["UV_DEFAULT_INDEX"] == "https://variable")
        let none = try self.settings(["PIP_CONFIG_FILE": "/dev/null"], files: files)
        #expect(none.environment["UV_DEFAULT_INDEX"] == nil)
    }

    @Test("Modules are compiled when they are imported, or when they are installed where an import would not keep it")
    func bytecode() throws {
        #expect(try self.settings([:]).environment["UV_COMPILE_BYTECODE"] == nil)
        let keepsNone = ["PYTHONDONTWRITEBYTECODE": "1"]
        #expect(try self.settings(keepsNone).environment["UV_COMPILE_BYTECODE"] == "1")
        let told = keepsNone.merging(["UV_COMPILE_BYTECODE": "0"]) { $1 }
        #expect(try self.settings(told).environment["UV_COMPILE_BYTECODE"] == "0")
    }

    @Test("What an activated environment leaves behind does not reach uv")
    func activated() throws {
        let settings = try self.settings(["VIRTUAL_ENV": "/v", "PYTHONPATH": "/p", "UV_SYSTEM_PYTHON": "1"])
        #expect(settings.environment["VIRTUAL_ENV"] == nil)
        #expect(settings.environment["PYTHONPATH"] == nil)
        #expect(settings.environment["UV_SYSTEM_PYTHON"] == nil)
    }

    @Test("Lists that mean the same are spelled the same")
    func requirements() throws {
        #expect(
            try RequirementList(["Foo_Bar [a, b] >= 1.0 , < 2", "x ; python_version > '3'", "x ; python_version > '3'"])
                .requirements
                == ["foo-bar[a,b]>=1.0,<2", "x ; python_version > '3'"])
        #expect(try RequirementList(["a @ file:///x y"]).requirements == ["a @ file:///x y"])
    }
}
