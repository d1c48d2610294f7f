import JSON
package import LedgerCore

/// What a user has used since midnight UTC, as a shell shows it.
package struct ShellToday: Hashable, Sendable {
    /// What it cost.
    package var cost = Money.zero
    /// Tokens in.
    package var tokensIn: Int64 = 0
    /// Tokens out.
    package var tokensOut: Int64 = 0
    /// Model calls.
    package var calls: Int64 = 0
    /// Agent runs.
    package var dispatches: Int64 = 0

    /// Nothing used yet.
    package init() {}

    func write(to json: inout JSONText) {
        json.key("costUsd")
        json.raw(cost.decimalText)
        json.member("tokensIn", tokensIn)
        json.member("tokensOut", tokensOut)
        json.member("calls", calls)
        json.member("dispatches", dispatches)
    }
}
