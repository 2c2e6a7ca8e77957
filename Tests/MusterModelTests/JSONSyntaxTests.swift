import MusterModel
import Testing

@Suite struct JSONSyntaxTests {
    @Test(
        "JSON is told from what is none",
        arguments: [
            ("1", true), (" [1, -0.0, 1e400, 0.5E-3] ", true), (#"{"b": [{}, []], "a": "\u00e4\\\"\n"}"#, true),
            ("123456789012345678901234567890", true), (#""\ud800""#, true), ("null", true), ("true", true),
            ("\"ä\"", true),
            ("", false), ("[1", false), ("[1,]", false), ("{\"a\" 1}", false), ("{a: 1}", false), ("'a'", false),
            ("01", false), ("1.", false), (".5", false), ("+1", false), ("1 2", false), ("\"a\nb\"", false),
            (#""\x41""#, false), (#""\u12g4""#, false), ("tru", false), ("-", false), ("[1]]", false), ("{,}", false),
        ])
    func json(text: String, isValid: Bool) {
        #expect(JSONSyntax.isValid(text) == isValid)
        #expect(JSONSyntax.isValid(text, allowsNonFinite: true) == isValid)
    }

    @Test(
        "What is no number in JSON is one where the flow's language says so",
        arguments: ["NaN", "[-Infinity, Infinity]"])
    func nonFinite(text: String) {
        #expect(!JSONSyntax.isValid(text))
        #expect(JSONSyntax.isValid(text, allowsNonFinite: true))
        #expect(!JSONSyntax.isValid("-NaN", allowsNonFinite: true))
    }

    @Test("What lies too deep in itself is refused, not followed to the end of the stack")
    func depth() {
        #expect(JSONSyntax.isValid(String(repeating: "[", count: 400) + String(repeating: "]", count: 400)))
        #expect(!JSONSyntax.isValid(String(repeating: "[", count: 1_000_000)))
    }
}
