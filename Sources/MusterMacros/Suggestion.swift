/// Suggests a name for a misspelt one.
enum Suggestion {
    /// The nearest of `names`, if its edit distance is small enough for a typing error.
    static func nearest(to name: String, among names: [String]) -> String? {
        let best = names.map { (name: $0, distance: self.distance(name.lowercased(), $0.lowercased())) }
            .min { $0.distance < $1.distance }
        guard let best, best.distance <= max(1, name.count / 3) else { return nil }
        return best.name
    }

    /// The edit distance: insertions, deletions, replacements and swaps of neighbours.
    private static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var rows = [Array(0...right.count)]
        for i in 0..<left.count {
            var row = [i + 1]
            for j in 0..<right.count {
                var cost = min(rows[i][j + 1], row[j]) + 1
                cost = min(cost, rows[i][j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, rows[i - 1][j - 1] + 1)
                }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
