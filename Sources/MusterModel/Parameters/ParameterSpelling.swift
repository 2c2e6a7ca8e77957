/// The spellings of a parameter's name outside of the source.
public enum ParameterSpelling {
    /// `--learning-rate` for `learningRate`.
    public static func flag(_ name: String) -> String { "--\(self.kebab(name))" }

    /// `MUSTER_PARAMETER_LEARNING_RATE` for `learningRate`.
    public static func variable(_ name: String) -> String {
        "MUSTER_PARAMETER_" + self.words(name).map { $0.uppercased() }.joined(separator: "_")
    }

    /// `METAFLOW_RUN_LEARNING_RATE` for `learning_rate`: what Metaflow reads it from.
    public static func metaflowVariable(_ name: String) -> String {
        "METAFLOW_RUN_" + String(name.uppercased().map { $0 == "-" ? "_" : $0 })
    }

    /// `learning-rate` for `learningRate` and for `learning_rate`.
    public static func kebab(_ name: String) -> String {
        self.words(name).map { $0.lowercased() }.joined(separator: "-")
    }

    /// `max`, `URL`, `Count` for `maxURLCount`: a word starts at a capital after a small letter or digit, and at the
    /// last capital of a row that a small letter follows.
    private static func words(_ name: String) -> [String] {
        let characters = Array(name)
        var words: [String] = []
        var word = ""
        for (index, character) in characters.enumerated() {
            if character == "_" || character == "-" {
                words.append(word)
                word = ""
                continue
            }
            let next = index + 1 < characters.count ? characters[index + 1] : nil
            let afterSmall = word.last.map { !$0.isUppercase } ?? false
            if character.isUppercase, !word.isEmpty, afterSmall || next?.isLowercase == true {
                words.append(word)
                word = ""
            }
            word.append(character)
        }
        words.append(word)
        return words.filter { !$0.isEmpty }
    }
}
