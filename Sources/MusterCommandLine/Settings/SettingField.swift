import MusterModel
import MusterSystem

/// A place in ``Settings`` with the texts that it takes.
enum SettingField: Sendable {
    typealias Place<Value> = any WritableKeyPath<Settings, Value> & Sendable

    case text(Place<String?>)
    /// Relative to the folder of the file that has it, or to the current folder.
    case path(Place<String?>)
    /// A ``path(_:)``, or the address of a bucket.
    case store(Place<String?>)
    /// As a ``path(_:)`` where it has a slash; a name is looked for on the `PATH` by whoever runs it.
    case program(Place<String?>)
    /// Separated by white space in one text; each as it is in a list.
    case words(Place<[String]>)
    case flag(Place<Bool>)
    case count(Place<Int>, least: Int)
    case optionalCount(Place<Int?>, least: Int)
    case memory(Place<Int?>)
    case seconds(Place<Double>, isPositive: Bool = true)
    case optionalSeconds(Place<Double?>)
    case level(Place<LogLevel>)
    case wheels(Place<WheelSource>)

    /// More than any machine or run has, and few enough to be multiplied.
    private static let most = 1 << 20
    /// A year.
    private static let longest = 366.0 * 86_400

    /// Noun phrase for a message: `MUSTER_CPUS is 'x'; it has to be …`.
    var kind: String {
        switch self {
        case .text: "a text of one line"
        case .path: "a path"
        case .store: "a path, or a bucket as s3://bucket/prefix"
        case .program: "a path, or a name on the PATH"
        case .words: "a list of words"
        case .flag: "true or false"
        case .count(_, let least), .optionalCount(_, let least): "a whole number, \(least) or more"
        case .memory: "an amount of memory such as 64G, 64GiB, 65536M or a number of bytes"
        case .seconds(_, let isPositive): "a number of seconds, \(isPositive ? "more than 0" : "0 or more")"
        case .optionalSeconds: "a number of seconds, more than 0"
        case .level: "one of \(LogLevel.allCases.map(\.rawValue).joined(separator: ", "))"
        case .wheels: "one of \(WheelSource.allCases.map(\.rawValue).joined(separator: ", "))"
        }
    }

    /// Takes `text` into `settings`; answers false, and changes nothing, where it is none of this ``kind``.
    /// - Parameter base: The folder to which a relative path belongs.
    func take(_ text: String, base: String, into settings: inout Settings) -> Bool {
        let text = text.trimmingWhitespace()
        switch self {
        case .text(let place):
            guard !text.isEmpty, !text.contains(where: \.isNewline) else { return false }
            settings[keyPath: place] = text
        case .store(let place) where text.contains("://"):
            guard BucketAddress(text) != nil else { return false }
            settings[keyPath: place] = text
        case .path(let place), .store(let place):
            guard !text.isEmpty, !text.utf8.contains(0) else { return false }
            settings[keyPath: place] = AbsolutePath.of(text, in: base)
        case .program(let place):
            guard !text.isEmpty, !text.utf8.contains(0) else { return false }
            settings[keyPath: place] = text.contains("/") ? AbsolutePath.of(text, in: base) : text
        case .words(let place):
            let isList = text.contains("\n")
            let words = text.split { isList ? $0 == "\n" : $0.isWhitespace }.map { String($0).trimmingWhitespace() }
            settings[keyPath: place] = words.filter { !$0.isEmpty }
        case .flag(let place):
            guard let flag = Self.flag(text) else { return false }
            settings[keyPath: place] = flag
        case .count(let place, let least):
            guard let count = Self.count(text, least) else { return false }
            settings[keyPath: place] = count
        case .optionalCount(let place, let least):
            guard let count = Self.count(text, least) else { return false }
            settings[keyPath: place] = count
        case .memory(let place):
            let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard let bytes = ByteAmount.bytes(words), bytes > 0 else { return false }
            settings[keyPath: place] = bytes
        case .seconds(let place, let isPositive):
            guard let seconds = Self.seconds(text, isPositive) else { return false }
            settings[keyPath: place] = seconds
        case .optionalSeconds(let place):
            guard let seconds = Self.seconds(text, true) else { return false }
            settings[keyPath: place] = seconds
        case .level(let place):
            guard let level = LogLevel(rawValue: text.lowercased()) else { return false }
            settings[keyPath: place] = level
        case .wheels(let place):
            guard let source = WheelSource(rawValue: text.lowercased()) else { return false }
            settings[keyPath: place] = source
        }
        return true
    }

    /// The value in `settings`; null where nothing is set.
    func value(in settings: Settings) -> JSONValue {
        switch self {
        case .text(let place), .path(let place), .store(let place), .program(let place):
            settings[keyPath: place].map { .string($0) } ?? .null
        case .words(let place): .array(settings[keyPath: place].map { .string($0) })
        case .flag(let place): .bool(settings[keyPath: place])
        case .count(let place, _): .int(settings[keyPath: place])
        case .optionalCount(let place, _), .memory(let place): settings[keyPath: place].map { .int($0) } ?? .null
        case .seconds(let place, _): .double(settings[keyPath: place])
        case .optionalSeconds(let place): settings[keyPath: place].map { .double($0) } ?? .null
        case .level(let place): .string(settings[keyPath: place].rawValue)
        case .wheels(let place): .string(settings[keyPath: place].rawValue)
        }
    }

    /// The value as ``take(_:base:into:)`` takes it and people read it; nil where nothing is set.
    func text(in settings: Settings) -> String? {
        switch self.value(in: settings) {
        case .string(let text): text
        case .bool(let flag): "\(flag)"
        case .int(let count): "\(count)"
        case .double(let seconds): seconds.formattedSeconds
        case .array(let words) where !words.isEmpty:
            words.map { if case .string(let word) = $0 { word } else { "" } }.joined(separator: " ")
        default: nil
        }
    }

    private static func count(_ text: String, _ least: Int) -> Int? {
        Int(text).flatMap { (least...self.most).contains($0) ? $0 : nil }
    }

    private static func seconds(_ text: String, _ isPositive: Bool) -> Double? {
        // Not what only programs write: 0x10, inf and nan.
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || ".eE+-".contains($0)) }), let seconds = Double(text)
        else { return nil }
        return seconds >= 0 && (seconds > 0 || !isPositive) && seconds <= self.longest ? seconds : nil
    }

    /// YAML's words for it, and a shell's.
    private static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }
}
