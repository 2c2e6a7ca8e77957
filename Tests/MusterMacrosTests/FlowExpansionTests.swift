import Testing

@Suite struct FlowExpansionTests {
    private static let source = """
        /// Adds numbers.
        @Flow
        struct Adder {
            @Parameter("How many.") var count = 3
            var sum = 0
            var seen: [Int]?
            let constant = 1
            static var shared = 0
            var doubled: Int { sum * 2 }

            /// Fans out.
            @Step func start() -> Next { .work(foreach: 0..<count) }
            @Retry(times: 2) @Step mutating func work(_ item: Int) async throws -> Next {
                try await current.python.run(script: "work.py")
                return .join
            }
            @Join mutating func join(_ inputs: [Self]) throws -> Next {
                switch sum {
                case 0: .end
                default: .train(nodes: count)
                }
            }
            @JAX(2) @Step func train() -> Next { .all }
            @Join func all(_ inputs: [Self]) -> Next { .all(.left, .right) }
            @Step func left() -> Next { .both }
            @Step func right() -> Next { if sum > 0 { .both } else { .both } }
            @Join func both(left: Self, right: Self) -> Next { .end }
            @Step func end() { print(sum) }
        }
        """

    @Test("Next has one constructor per step, in the form in which the step is entered")
    func next() throws {
        let next = try Expansion(Self.source).members[0]
        for constructor in [
            "static func work(foreach items: some Swift.Collection<Int>) -> Next",
            "static var join: Next", "static func train(nodes count: Swift.Int) -> Next", "static var end: Next",
            "static var left: Branch",
            "static func all(_ first: Branch, _ second: Branch, _ others: Branch...) -> Next",
        ] { #expect(next.contains(constructor)) }
        for absent in ["var start", "var work:", "var train:", "static var work: Branch"] {
            #expect(!next.contains(absent))
        }
    }

    @Test("Stored variables become artifacts; constants, computed, static and parameter properties do not")
    func artifacts() throws {
        let expansion = try Expansion(Self.source)
        #expect(expansion.artifacts == ["sum", "seen"])
        #expect(expansion.problems.isEmpty)
    }

    @Test(
        "The definition holds what the source says",
        arguments: [
            #"name: "Adder""#, #"summary: "Adds numbers.""#, #"file: "/flows/Flow.swift""#,
            #"Muster.ParameterProperty("count", \._count, line: 4)"#, #"Muster.ArtifactProperty("sum", \._sum)"#,
            #""start", summary: "Fans out.", line: 12, join: nil"#, "decorators: [Retry(times: 2)]",
            "decorators: [JAX(2)]",
            #"edges: [.foreach(to: "work")]"#, #"edges: [.step(to: "end"), .nodes(to: "train")]"#,
            #"edges: [.branches(to: ["left", "right"])]"#, #"edges: [.step(to: "both")]"#, #"entrypoints: ["work.py"]"#,
            #"join: Muster.JoinManifest(names: ["left", "right"])"#, "{ flow, _ in flow.start() }",
            "{ flow, input in try await flow.work(try input.item()) }", "{ flow, input in try flow.join(input.all) }",
            #"flow.both(left: try input.named("left"), right: try input.named("right"))"#,
            "{ flow, _ in flow.end(); return nil }",
        ])
    func definition(text: String) throws {
        #expect(try Expansion(Self.source).members[1].contains(text))
    }

    @Test(
        "A script that is named literally is an entrypoint, but not what may be a module or a program of the PATH",
        arguments: [
            (#"entrypoint: "a.py""#, true), (#"entrypoint: "a.py", torchrunArguments: ["--max-restarts", "2"]"#, true),
            (#"entrypoint: "a.module", torchrunArguments: ["-m"]"#, false),
            (#"entrypoint: "env", torchrunArguments: ["--no-python"]"#, false),
            (#"entrypoint: "./own", torchrunArguments: ["--no-python"]"#, true),
            (#"entrypoint: "unknown", torchrunArguments: options"#, false),
            (#"entrypoint: "unknown", torchrunArguments: ["--\(option)"]"#, false), ("entrypoint: script", false),
        ])
    func entrypoints(arguments: String, isOne: Bool) throws {
        let expansion = try Expansion(
            "@Flow struct A {\n@Step func start() async throws -> Next {\n"
                + "try await current.torch.run(\(arguments))\nreturn .end }\n@Step func end() {}\n}")
        #expect(expansion.members[1].contains("entrypoints: [\"") == isOne)
    }

    @Test("A public flow has public members, because the protocol asks for them")
    func access() throws {
        let expansion = try Expansion(
            "@Flow public struct A {\n@Step func start() -> Next { .end }\n@Step func end() {}\n}")
        #expect(expansion.members.allSatisfy { $0.hasPrefix("public ") })
    }
}
