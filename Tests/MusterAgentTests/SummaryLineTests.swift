import Testing

@testable import MusterAgent

@Suite struct SummaryLineTests {
    @Test(
        "A summary has one line of a program's own words, and that has an end",
        arguments: [
            ("ValueError: no (flow.py:3)", "ValueError: no (flow.py:3)"), ("\n  \nfirst\nsecond\n", "first …"),
            ("first\n", "first"),
            ("", ""), (String(repeating: "x", count: 5000), String(repeating: "x", count: 999) + "…"),
        ])
    func line(text: String, expected: String) { #expect(SummaryLine.of(text) == expected) }
}
