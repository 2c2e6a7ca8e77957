/// Moments as AWS writes them, all in UTC.
package struct AWSTime: Sendable, Hashable {
    /// `20130524`.
    package let day: String
    /// `20130524T000000Z`.
    package let stamp: String

    /// - Parameter seconds: Since 1970.
    package init(_ seconds: Double) {
        let whole = Int(seconds.rounded(.down))
        let days = whole >= 0 ? whole / 86400 : (whole - 86399) / 86400
        let second = whole - days * 86400
        let (year, month, day) = Self.civil(days)
        self.day = "\(Self.padded(year, 4))\(Self.padded(month))\(Self.padded(day))"
        self.stamp =
            "\(self.day)T\(Self.padded(second / 3600))\(Self.padded(second / 60 % 60))\(Self.padded(second % 60))Z"
    }

    /// Seconds since 1970 of `2011-10-05T14:48:00Z`, with or without a fraction or an offset from UTC; nil for other texts.
    package static func seconds(iso text: String) -> Double? {
        let fields = text.split(whereSeparator: { "-:TZ.+ ".contains($0) })
        guard fields.count >= 6, let numbers = self.numbers(fields[..<6]) else { return nil }
        let local = self.seconds(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
        // Behind the time an offset follows, such as +02:00.
        let tail = text.dropFirst(19)
        guard let sign = tail.firstIndex(where: { $0 == "+" || $0 == "-" }) else { return local }
        let parts = tail[tail.index(after: sign)...].split(separator: ":")
        guard let offset = self.numbers(parts), let hours = offset.first else { return nil }
        let minutes = offset.count > 1 ? offset[1] : 0
        return local - Double((hours * 60 + minutes) * 60) * (tail[sign] == "+" ? 1 : -1)
    }

    /// Seconds since 1970 of `Fri, 24 May 2013 00:00:00 GMT`, a `Date` header; nil for other texts.
    package static func seconds(http text: String) -> Double? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let fields = text.split(whereSeparator: { " ,:".contains($0) })
        guard fields.count == 8, fields[7] == "GMT", let month = months.firstIndex(of: String(fields[2])),
            let day = Int(fields[1]), let rest = self.numbers(fields[3..<7])
        else { return nil }
        return self.seconds(rest[0], month + 1, day, rest[1], rest[2], rest[3])
    }

    private static func numbers(_ fields: some Collection<Substring>) -> [Int]? {
        let numbers = fields.compactMap { Int($0) }
        return numbers.count == fields.count ? numbers : nil
    }

    private static func seconds(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int)
        -> Double
    {
        Double(self.days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second)
    }

    private static func padded(_ number: Int, _ width: Int = 2) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    // The two below are Howard Hinnant's algorithms of the proleptic Gregorian calendar: years begin in March, so that the
    // day that some years have more is their last.

    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
