extension RunRecord {
    /// This record as it is stored: without the values of environment variables, because other users may read a store.
    ///
    /// An engine reads them from the flow's manifest at every start.
    package var withoutSecrets: RunRecord {
        var record = self
        for index in record.manifest.steps.indices {
            record.manifest.steps[index].settings.environment = [:]
            record.manifest.steps[index].decorators = record.manifest.steps[index].decorators.map(\.withoutSecrets)
        }
        record.manifest.decorators = record.manifest.decorators?.map(\.withoutSecrets)
        return record
    }
}

extension DecoratorManifest {
    /// The decorators whose options hold values of variables.
    private static let secretive: Set<String> = ["environment", "secrets"]

    fileprivate var withoutSecrets: DecoratorManifest {
        guard Self.secretive.contains(self.name) else { return self }
        var decorator = self
        decorator.options = self.options.mapValues(\.withoutTexts)
        return decorator
    }
}

extension JSONValue {
    /// The same shape and names, with a mark in place of every text and number.
    fileprivate var withoutTexts: JSONValue {
        switch self {
        case .array(let elements): .array(elements.map(\.withoutTexts))
        case .object(let members): .object(members.mapValues(\.withoutTexts))
        case .null, .bool: self
        default: .string("…")
        }
    }
}
