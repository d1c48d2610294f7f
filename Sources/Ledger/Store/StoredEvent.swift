package import LedgerCore

/// One recorded event as the `events` table holds it: the journal's line and the columns that people search
/// by.
package struct StoredEvent: Sendable {
    /// Place in the journal.
    package var position: Position
    /// When it was appended.
    package var recordedAt: Timestamp
    /// The event's own identifier.
    package var id: UniqueID
    /// What happened, for example `call.settled`.
    package var type: String
    /// Whom it concerns.
    package var user: String?
    /// Shared by all events of one model call.
    package var callID: String?
    /// The agent run it belongs to.
    package var dispatchID: String?
    /// The conversation it belongs to.
    package var sessionID: String?
    /// Where the work came from.
    package var source: String?
    /// Whose model answered.
    package var provider: String?
    /// Which model answered.
    package var model: String?
    /// `ok`, `error` or `aborted`.
    package var result: String?
    /// `priced`, `estimated` or `unpriced`.
    package var costState: String?
    /// `proxied` or `direct`, of an agent run.
    package var billing: String?
    /// The content hash of the price book.
    package var priceBook: String?
    /// All input tokens, cached ones included.
    package var inputTokens: Int64?
    /// All output tokens.
    package var outputTokens: Int64?
    /// The exact cost, where it is known.
    package var cost: Money?
    /// How long it took.
    package var durationMilliseconds: Int64?
    /// The provider's name for the request.
    package var providerRequestID: String?
    /// What else an event of a rare type says, as a JSON object; never a prompt.
    package var details: [UInt8]?
    /// The chain at this event, 32 bytes.
    package var chain: [UInt8]
    /// The journal's bytes, without the newline.
    package var line: ArraySlice<UInt8>

    /// Creates an event of which only the envelope is known.
    package init(
        position: Position, recordedAt: Timestamp, id: UniqueID, type: String, chain: [UInt8],
        line: ArraySlice<UInt8>
    ) {
        self.position = position
        self.recordedAt = recordedAt
        self.id = id
        self.type = type
        self.chain = chain
        self.line = line
    }
}
