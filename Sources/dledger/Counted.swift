/// A number and what it counts, in words for a person.
enum Counted {
    /// `1 file`, `2 files`; `many` where that is more than an s.
    static func text(_ count: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
        "\(count) \(count == 1 ? one : many ?? one + "s")"
    }
}
