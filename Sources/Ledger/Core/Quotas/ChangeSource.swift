/// When a change of limits or groups was made, and where, in as far as its event does not say so by itself.
package struct ChangeSource: Hashable, Sendable {
    /// When it counts as made: of several changes of the same, the latest holds.
    package let madeAt: Timestamp
    /// What it is a copy of; nil: it was made here, by a clock behind that of the change that it replaces.
    package let copiedFrom: CopiedEvent?

    /// Creates a source.
    package init(madeAt: Timestamp, copiedFrom: CopiedEvent? = nil) {
        self.madeAt = madeAt
        self.copiedFrom = copiedFrom
    }
}

/// An event of another journal, of which one here is a copy.
package struct CopiedEvent: Hashable, Sendable {
    /// The other journal.
    package let origin: String
    /// Where in it.
    package let position: Position

    /// Creates a reference.
    package init(origin: String, position: Position) {
        self.origin = origin
        self.position = position
    }
}
