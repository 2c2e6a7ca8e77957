import MusterModel
import Testing

@Suite struct ParameterValuesTests {
    private static let values = ParameterValues([
        ParameterManifest(name: "epochs", help: "Passes.", kind: .int, defaultValue: "3"),
        ParameterManifest(name: "learningRate", kind: .double, defaultValue: "0.5"),
        ParameterManifest(name: "verbose", kind: .bool, defaultValue: "false"),
        ParameterManifest(name: "title", kind: .string, defaultValue: ""),
        ParameterManifest(name: "source", kind: .url, defaultValue: .null),
        ParameterManifest(name: "mode", kind: .choice(cases: ["fast", "slow"]), defaultValue: "fast"),
        ParameterManifest(name: "layers", kind: .json, defaultValue: "[1]"),
    ])

    @Test("Without tokens every parameter has its default")
    func defaults() throws {
        #expect(
            try Self.values.read(tokens: []) == [
                "epochs": "3", "learningRate": "0.5", "verbose": "false", "title": "",
                "source": .null, "mode": "fast", "layers": "[1]",
            ])
    }

    @Test(
        "A value is read in every spelling and by its kind",
        arguments: [
            (["--epochs", "5"], "epochs", "5" as ParameterValue),
            (["--epochs=5"], "epochs", "5"),
            (["--epochs", "-5"], "epochs", "-5"),
            (["--learning-rate", "1e-3"], "learningRate", "1e-3"),
            (["--learningRate=2"], "learningRate", "2"),
            (["--learning-rate", "-.5"], "learningRate", "-.5"),
            (["--epochs", " +0012_345678901234567890 "], "epochs", "12345678901234567890"),
            (["--epochs=-0"], "epochs", "0"),
            (["--learning-rate", "1e400"], "learningRate", "1e400"),
            (["--learning-rate", "0.10"], "learningRate", "0.10"),
            (["--learning-rate=-0.0"], "learningRate", "-0.0"),
            (["--learning-rate", "-Infinity"], "learningRate", "-Infinity"),
            (["--learning-rate", "nan"], "learningRate", "nan"),
            (
                ["--layers", "{\"b\": 1.0, \"a\": -0.0, \"c\": 123456789012345678901}"], "layers",
                "{\"b\": 1.0, \"a\": -0.0, \"c\": 123456789012345678901}"
            ),
            (["--verbose"], "verbose", "true"),
            (["--verbose", "true"], "verbose", "true"),
            (["--verbose", "false"], "verbose", "false"),
            (["--verbose=no"], "verbose", "false"),
            (["--no-verbose"], "verbose", "false"),
            (["--title", ""], "title", ""),
            (["--title="], "title", ""),
            (["--title=--a=b"], "title", "--a=b"),
            (["--title", "zwölf 🙂"], "title", "zwölf 🙂"),
            (["--source", "https://example.org/a?b=c"], "source", "https://example.org/a?b=c"),
            (["--mode", "slow"], "mode", "slow"),
            (["--layers", "[4, {\"a\": null}]"], "layers", "[4, {\"a\": null}]"),
        ])
    func reads(tokens: [String], name: String, value: ParameterValue) throws {
        #expect(try Self.values.read(tokens: tokens)[name] == value)
    }

    @Test(
        "What cannot be read is refused with the parameter, the value and the reason",
        arguments: [
            (["--epochs", "many"], "epochs", "many", "whole number"),
            (["--epochs", "3.5"], "epochs", "3.5", "whole number"),
            (["--epochs="], "epochs", "", "whole number"),
            (["--epochs", "0x10"], "epochs", "0x10", "whole number"),
            (["--epochs", "1__0"], "epochs", "1__0", "whole number"),
            (["--learning-rate", "nano"], "learningRate", "nano", "not a number"),
            (["--learning-rate", "0x1p3"], "learningRate", "0x1p3", "not a number"),
            (["--learning-rate", "--inf"], "learningRate", "--inf", "write --learning-rate=--inf"),
            (["--layers", "[NaN]"], "layers", "[NaN]", "not JSON"),
            (["--learning-rate", "1,5"], "learningRate", "1,5", "not a number"),
            (["--verbose=maybe"], "verbose", "maybe", "neither true nor false"),
            (["--no-verbose=true"], "verbose", "true", "takes no value"),
            (["--source", "not a url"], "source", "not a url", "not a URL"),
            (["--source="], "source", "", "not a URL"),
            (["--mode", "fsat"], "mode", "fsat", "did you mean 'fast'"),
            (["--mode", "other"], "mode", "other", "one of fast, slow"),
            (["--layers", "[1"], "layers", "[1", "not JSON"),
            (["--title", "--epochs", "3"], "title", "--epochs", "write --title=--epochs"),
        ])
    func refuses(tokens: [String], name: String, value: String, reason: String) throws {
        let error = try #require(throws: ParameterError.self) { try Self.values.read(tokens: tokens) }
        #expect(error.parameter == name)
        #expect(error.value == value)
        #expect(error.description.contains(reason))
        #expect(error.description.contains(name) || error.description.contains(ParameterSpelling.flag(name)))
    }

    @Test(
        "A token that names no parameter is refused, with the nearest name",
        arguments: [
            (["--epoch", "3"], "did you mean --epochs?"),
            (["--learnign-rate", "3"], "did you mean --learning-rate?"),
            (["--something-else"], "the flow has --epochs, --learning-rate"),
            (["--no-epochs"], "there is no parameter --no-epochs"),
            (["five"], "'five' belongs to no parameter"),
            (["-v"], "'-v' belongs to no parameter"),
            (["--"], "'--' belongs to no parameter"),
            (["--verbose", "--", "x"], "'--' belongs to no parameter"),
        ])
    func refusesUnknown(tokens: [String], reason: String) throws {
        let error = try #require(throws: ParameterError.self) { try Self.values.read(tokens: tokens) }
        #expect(error.description.contains(reason))
    }

    @Test("A value that is missing or given twice is refused by name")
    func refusesIncomplete() {
        #expect(throws: ParameterError(parameter: "title", value: nil, reason: "--title needs a value after it")) {
            try Self.values.read(tokens: ["--title"])
        }
        #expect(throws: ParameterError(parameter: "epochs", value: nil, reason: "parameter 'epochs' is given twice")) {
            try Self.values.read(tokens: ["--epochs", "1", "--epochs=2"])
        }
    }

    @Test("A required parameter without a value is named, with both ways to give it")
    func required() throws {
        let values = ParameterValues([ParameterManifest(name: "dataPath", kind: .string)])
        let error = try #require(throws: ParameterError.self) { try values.read(tokens: []) }
        #expect(error.parameter == "dataPath")
        #expect(error.description.contains("--data-path"))
        #expect(error.description.contains("MUSTER_PARAMETER_DATA_PATH"))
        #expect(try values.read(tokens: ["--data-path", "x"]) == ["dataPath": "x"])
    }

    @Test("The command line wins over the environment, the environment over the default")
    func precedence() throws {
        let environment = ["MUSTER_PARAMETER_EPOCHS": "7", "MUSTER_PARAMETER_OTHER": "x"]
        #expect(try Self.values.read(tokens: [], environment: environment)["epochs"] == "7")
        #expect(try Self.values.read(tokens: ["--epochs", "9"], environment: environment)["epochs"] == "9")
        let error = try #require(throws: ParameterError.self) {
            try Self.values.read(tokens: [], environment: ["MUSTER_PARAMETER_EPOCHS": "x"])
        }
        #expect(error.description.contains("MUSTER_PARAMETER_EPOCHS"))
    }

    @Test("A Bool whose own name starts with no is not mistaken for a denial")
    func denial() throws {
        let values = ParameterValues([
            ParameterManifest(name: "cache", kind: .bool, defaultValue: "true"),
            ParameterManifest(name: "noCache", kind: .bool, defaultValue: "false"),
        ])
        #expect(try values.read(tokens: ["--no-cache"]) == ["cache": "true", "noCache": "true"])
        #expect(try values.read(tokens: ["--no-no-cache"])["noCache"] == "false")
    }

    @Test(
        "Names are spelled in words",
        arguments: [
            ("epochs", "epochs", "EPOCHS"), ("learningRate", "learning-rate", "LEARNING_RATE"),
            ("maxURLCount", "max-url-count", "MAX_URL_COUNT"), ("fold2Size", "fold2-size", "FOLD2_SIZE"),
            ("snake_case", "snake-case", "SNAKE_CASE"), ("URL", "url", "URL"),
        ])
    func spelling(name: String, kebab: String, snake: String) {
        #expect(ParameterSpelling.flag(name) == "--" + kebab)
        #expect(ParameterSpelling.variable(name) == "MUSTER_PARAMETER_" + snake)
    }

    @Test("The environment can spell a parameter as Metaflow does; Muster's own name comes first")
    func metaflowVariables() throws {
        let values = ParameterValues([
            ParameterManifest(name: "learning_rate", kind: .double, defaultValue: "1"),
            ParameterManifest(name: "data-file", kind: .file, defaultValue: .null),
        ])
        let environment = ["METAFLOW_RUN_LEARNING_RATE": "0.5", "METAFLOW_RUN_DATA_FILE": "a.csv"]
        #expect(
            try values.read(tokens: [], environment: environment) == ["learning_rate": "0.5", "data-file": "a.csv"])
        let both = environment.merging(["MUSTER_PARAMETER_LEARNING_RATE": "0.25"]) { $1 }
        #expect(try values.read(tokens: [], environment: both)["learning_rate"] == "0.25")
    }
}
