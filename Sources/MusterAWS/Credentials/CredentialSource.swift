import MusterObjects

/// The place that credentials come from.
indirect enum CredentialSource: Sendable, Hashable {
    /// Keys that stand in the environment or in a file.
    case keys(Credentials)
    /// The output of a command of a profile.
    case process(command: String, source: String)
    /// The AWS command line, for the ways that only it knows.
    case commandLine(profile: String)
    /// STS, with the token of an identity provider.
    case webIdentity(role: String, tokenFile: String, session: String?)
    /// STS, with other credentials.
    case assumedRole(role: String, externalID: String?, session: String?, from: CredentialSource)
    /// The endpoint of a container: its address, and the token or the file of a token to be shown there.
    case container(address: String, token: String?, tokenFile: String?)
    /// The metadata service of an EC2 instance.
    case instance

    /// The variable with a role that is assumed whatever the source of the credentials: `S3(role=…)` of the front ends.
    private static let role = "MUSTER_ASSUME_ROLE"

    /// Finds the source as AWS's own tools do: environment, profile, container, instance. Pure.
    static func find(_ profiles: AWSProfiles) throws(ObjectStoreError) -> CredentialSource {
        let source = try self.ofCaller(profiles)
        guard let role = profiles.variable(self.role) else { return source }
        return .assumedRole(role: role, externalID: nil, session: nil, from: source)
    }

    private static func ofCaller(_ profiles: AWSProfiles) throws(ObjectStoreError) -> CredentialSource {
        if let access = profiles.variable("AWS_ACCESS_KEY_ID"), let secret = profiles.variable("AWS_SECRET_ACCESS_KEY")
        {
            return .keys(
                Credentials(
                    accessKey: access, secretKey: secret, sessionToken: profiles.variable("AWS_SESSION_TOKEN"),
                    source: "the environment"))
        }
        let isNamed = profiles.variable("AWS_PROFILE") != nil || profiles.variable("AWS_DEFAULT_PROFILE") != nil
        if isNamed, !profiles.holds(profiles.profile) {
            throw ObjectStoreError(
                .credentials, "AWS_PROFILE names the profile \(profiles.profile), which none of AWS's files has")
        }
        if profiles.value("role_arn") != nil, let source = try self.ofProfile(profiles.profile, profiles, seen: []) {
            return source
        }
        if let role = profiles.variable("AWS_ROLE_ARN"), let file = profiles.variable("AWS_WEB_IDENTITY_TOKEN_FILE") {
            return .webIdentity(role: role, tokenFile: file, session: profiles.variable("AWS_ROLE_SESSION_NAME"))
        }
        if let source = try self.ofProfile(profiles.profile, profiles, seen: []) { return source }
        return try self.ofMachine(profiles)
    }

    private static func ofProfile(
        _ name: String, _ profiles: AWSProfiles, seen: Set<String>
    ) throws(ObjectStoreError) -> CredentialSource? {
        let value = { (key: String) in profiles.value(key, of: name) }
        if let role = value("role_arn"), !seen.contains(name) {
            if let file = value("web_identity_token_file") {
                return .webIdentity(role: role, tokenFile: file, session: value("role_session_name"))
            }
            // A code of one's device can only be typed in.
            if value("mfa_serial") != nil { return .commandLine(profile: name) }
            return .assumedRole(
                role: role, externalID: value("external_id"), session: value("role_session_name"),
                from: try self.ofRole(name, profiles, seen: seen.union([name])))
        }
        if value("sso_session") != nil || value("sso_start_url") != nil || value("login_session") != nil {
            return .commandLine(profile: name)
        }
        let shared = profiles.shared.sections[name] ?? [:]
        if let keys = self.keys(shared, "the profile \(name) of AWS's credentials file") { return .keys(keys) }
        if let command = value("credential_process") {
            return .process(command: command, source: "credential_process of the profile \(name)")
        }
        let config = profiles.config.sections[AWSProfiles.section(name)] ?? [:]
        return self.keys(config, "the profile \(name) of AWS's config file").map(CredentialSource.keys)
    }

    /// The credentials that a profile assumes its role with.
    private static func ofRole(
        _ name: String, _ profiles: AWSProfiles, seen: Set<String>
    ) throws(ObjectStoreError) -> CredentialSource {
        if let source = profiles.value("source_profile", of: name) {
            guard let found = try self.ofProfile(source, profiles, seen: seen) else {
                throw ObjectStoreError(
                    .credentials, "the profile \(source), which \(name) refers to, holds no credentials")
            }
            return found
        }
        switch profiles.value("credential_source", of: name) {
        case "Environment":
            throw ObjectStoreError(
                .credentials, "the profile \(name) takes its credentials from the environment, which holds none")
        case "EcsContainer", "Ec2InstanceMetadata": return try self.ofMachine(profiles)
        default:
            throw ObjectStoreError(
                .credentials, "the profile \(name) has a role_arn, but neither a source_profile nor a credential_source"
            )
        }
    }

    private static func ofMachine(_ profiles: AWSProfiles) throws(ObjectStoreError) -> CredentialSource {
        let token = profiles.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        let file = profiles.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        if let path = profiles.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            return .container(address: "http://169.254.170.2\(path)", token: token, tokenFile: file)
        }
        if let address = profiles.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            return .container(address: address, token: token, tokenFile: file)
        }
        if profiles.variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
            throw ObjectStoreError(
                .credentials,
                "there are no credentials of AWS: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile of ~/.aws"
            )
        }
        return .instance
    }

    private static func keys(_ section: [String: String], _ source: String) -> Credentials? {
        guard let access = section["aws_access_key_id"], let secret = section["aws_secret_access_key"], !access.isEmpty,
            !secret.isEmpty
        else { return nil }
        return Credentials(
            accessKey: access, secretKey: secret, sessionToken: section["aws_session_token"], source: source)
    }
}
