import FoundationEssentials

/// Credentials as commands and services write them.
enum CredentialAnswers {
    /// The output of a command, or the answer of a service: they differ in the name of the session's token.
    private struct Keys: Decodable {
        let version: Int?
        let access: String
        let secret: String
        let sessionToken: String?
        let token: String?
        let expiration: String?

        enum CodingKeys: String, CodingKey {
            case version = "Version"
            case access = "AccessKeyId"
            case secret = "SecretAccessKey"
            case sessionToken = "SessionToken"
            case token = "Token"
            case expiration = "Expiration"
        }
    }

    /// The output of `credential_process`; nil when it is another text, for which the caller throws an error.
    static func process(_ output: Data, source: String) -> Credentials? {
        guard let keys = try? JSONDecoder().decode(Keys.self, from: output), keys.version == 1 else { return nil }
        return self.make(keys.access, keys.secret, keys.sessionToken, keys.expiration, source)
    }

    /// The answer of a container's endpoint or of an instance's metadata service; nil when it is another text, for which
    /// the caller throws an error.
    static func service(_ body: Data, source: String) -> Credentials? {
        guard let keys = try? JSONDecoder().decode(Keys.self, from: body) else { return nil }
        return self.make(keys.access, keys.secret, keys.token, keys.expiration, source)
    }

    /// The answer of STS to AssumeRole and AssumeRoleWithWebIdentity; nil when it is another one.
    static func role(_ body: Data, source: String) -> Credentials? {
        guard let root = XMLElement.read(body), let result = root.elements.first(where: { $0["Credentials"] != nil }),
            let keys = result["Credentials"], let access = keys["AccessKeyId"]?.text,
            let secret = keys["SecretAccessKey"]?.text
        else { return nil }
        return self.make(access, secret, keys["SessionToken"]?.text, keys["Expiration"]?.text, source)
    }

    private static func make(
        _ access: String, _ secret: String, _ token: String?, _ expiration: String?, _ source: String
    ) -> Credentials? {
        let expires = expiration.flatMap(AWSTime.seconds(iso:))
        // An end that cannot be read must not become keys that are taken to last for ever.
        if expiration != nil, expires == nil { return nil }
        return Credentials(
            accessKey: access, secretKey: secret, sessionToken: token, expires: expires, source: source)
    }
}
