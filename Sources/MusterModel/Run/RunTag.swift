/// The rules for tags.
package enum RunTag {
    package static func isOne(_ tag: String) -> Bool {
        !tag.isEmpty && tag.utf8.count <= 500 && tag.allSatisfy { !$0.isNewline } && !tag.utf8.contains(0)
    }

    package static func refusal(_ tag: String) -> String { "'\(tag)' is no tag; a tag is one line of 1 to 500 bytes" }
}
