internal import CMusterPlatform

/// The version of this build.
package enum ProgramVersion {
    /// As `Python/muster/VERSION` says, for instance `0.1.0`.
    package static var number: String {
        String(String(cString: muster_version()).prefix { !$0.isNewline })
    }
}
