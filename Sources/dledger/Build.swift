/// What this program calls itself.
enum Build {
    static let version = "0.1.0"
}
