package import Logging
package import MusterModel

/// Writes swift-log's events into a ``ProgramLog``: `info the gang has formed attempt=0 node=0 nodes=4 run=Flow/7 …`.
package struct ProgramLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]

    private let log: ProgramLog

    package init(_ log: ProgramLog, level: Logger.Level) {
        self.log = log
        self.logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = self.metadata.merging(event.metadata ?? [:]) { $1 }
        self.log.append(
            Self.line(event.level, "\(event.message)", fields), isUrgent: event.level >= .warning)
    }

    /// Fields in the order of their names; a value that is more than one word is quoted as in JSON.
    static func line(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> String {
        var line = "\(level.rawValue) \(Self.isPlain(message, " ") ? message : Self.quoted(message))"
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            let text = "\(value)"
            line += " \(key)=\(!text.isEmpty && Self.isPlain(text, "") ? text : Self.quoted(text))"
        }
        return line
    }

    private static func isPlain(_ text: String, _ more: String) -> Bool {
        text.unicodeScalars.allSatisfy {
            ($0.value > 0x20 && $0.value != 0x7f && $0 != "\"" && $0 != "=") || more.unicodeScalars.contains($0)
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension Logger {
    /// A logger into `log` with fields that all of its lines have.
    package init(_ log: ProgramLog, level: LogLevel, _ fields: Logger.Metadata) {
        var handler = ProgramLogHandler(log, level: Logger.Level(level))
        handler.metadata = fields
        self.init(label: "muster", factory: { _ in handler })
    }

    /// A logger that writes nothing.
    package static var silent: Logger { Logger(label: "muster", factory: { _ in SwiftLogNoOpLogHandler() }) }
}

extension Logger.Level {
    package init(_ level: LogLevel) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}
