/// Whether limits are shared with other journals through PostgreSQL, and what happens while it is away.
package enum SharedBudgets: String, CaseIterable, Sendable {
    /// They are not: this journal's limits are its own.
    case off
    /// Calls beyond what is leased are refused.
    case closed
    /// Calls beyond what is leased go on, within the limit as this journal knows it, and that is recorded.
    case open
}
