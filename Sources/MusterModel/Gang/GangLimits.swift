/// The bounds within which a gang can be formed.
public enum GangLimits {
    /// The most nodes one gang may have. A roster of this size still fits one message of the gang protocol.
    public static let maximumNodes = 4096
}
