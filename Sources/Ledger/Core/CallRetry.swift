/// That a call is a further try of a request, as its client says.
package struct CallRetry: Hashable, Sendable {
    /// The tries that are believed; a first one has no number.
    package static let attempts: ClosedRange<Int64> = 2...100

    /// Which try it is.
    package let attempt: Int64
    /// The same user's first call for this request; nil where that is not known.
    package let first: UniqueID?

    /// Creates a retry; nil for a number outside ``attempts``.
    package init?(attempt: Int64, first: UniqueID? = nil) {
        guard Self.attempts.contains(attempt) else { return nil }
        self.attempt = attempt
        self.first = first
    }
}
