import FoundationEssentials
import Muster

/// A step with a package of its own.
@Flow
struct PackageFlow {
    @PyPI("six==1.16.0")
    @Step func start() async throws -> Next {
        try await current.python.run(script: "Scripts/package.py")
        return .end
    }

    @Step func end() {}
}
