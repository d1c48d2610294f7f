package import LedgerCore

/// What a caller gets for a command whose events are durable.
package struct Receipt: Sendable {
    /// The events, in order; empty when nothing had to change.
    package let events: [RecordedEvent]
    /// What is left of the user's limits afterwards.
    package let remaining: Money?

    /// The command's own event: the last that is not a threshold it crossed, or a lease that it changed.
    package var last: RecordedEvent? {
        events.last { $0.event.type != .thresholdCrossed && $0.event.type != .leaseSet }
    }

    /// The position of ``last``.
    package var position: Position? { last?.position }
}

/// Why the ledger did not record a command.
package enum LedgerError: Error, Hashable {
    /// The command contradicts what is recorded.
    case rejected(Rejection)
    /// The journal cannot be written now; the text says why.
    case unavailable(String)
    /// Too many commands wait.
    case overloaded
    /// The ledger is shutting down.
    case closed
    /// The journal could not be opened; the text says what is wrong and what to run.
    case journal(String)
    /// A line of the journal is not an event that this version knows.
    case undecodable(file: String, line: Int, CodecError)
    /// The system refused a thread.
    case thread
}
