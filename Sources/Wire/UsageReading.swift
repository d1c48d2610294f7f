package import LedgerCore

/// What one answer says about its usage and about itself.
package struct UsageReading: Hashable, Sendable {
    /// What was used, all models together; nil when the answer does not say (which is not the same as
    /// nothing).
    package var usage: Usage?
    /// How far ``usage`` can be trusted.
    package var source: UsageSource = .none
    /// The usage by model where one answer is the work of several, empty otherwise.
    ///
    /// Σ parts = ``usage``.
    package var parts: [ModelUsage] = []
    /// The provider's own total, where it gives one.
    package var providerTotal: Int64?
    /// Whether the figures contradict each other or are no counts; then the raw answer is worth keeping.
    package var isInconsistent = false
    /// Whether ``usage`` is less than the answer used, as far as can be known: its input or output was not
    /// told, or one of its figures cannot be believed and nothing else bounds it.
    package var isIncomplete = false
    /// The model that answered.
    package var responseModel: String?
    /// The provider's id of the answer; not unique everywhere.
    package var responseID: String?
    /// The tier that was billed, `batch` included.
    package var serviceTier: String?
    /// The speed that was billed (`fast`).
    package var speed: String?
    /// Where inference ran.
    package var inferenceGeo: String?
    /// Pages fetched by the provider; free, counted for information.
    package var webFetches: Int64 = 0
    /// The provider's word for the state of the answer (Responses), or why it ended.
    package var status: String?
    /// The provider's error type, when the answer is or ends in an error.
    package var errorType: String?
    /// Whether a stream that had begun ended in an error event.
    package var isErrorMidStream = false
    /// The names of the tools that the answer calls, in order, bounded in count and length.
    package var toolsUsed: [String] = []
    /// Whether the provider ran a tool for a fee that no price covers.
    package var hasUnpricedTools = false
    /// Whether only the end of the answer was read: tools may have been run that it does not show.
    package var isTail = false
    /// Whether the answer came to its own end, as far as its figures go.
    package var sawTerminal = false
    /// Whether all of the answer came: a stream with its own end, a body that is whole JSON.
    package var isWhole = false
    /// Events above the size cap, which were not read.
    package var skippedEvents = 0
    /// Events with data.
    package var events = 0
    /// Bytes of the answer: a bound of its output where ``usage`` is missing.
    package var answerBytes: Int64 = 0

    /// Whether the batch price applies.
    package var isBatch: Bool { serviceTier == "batch" }

    /// Creates a reading of an answer that says nothing.
    package init() {}
}

/// What one model used within an answer.
package struct ModelUsage: Hashable, Sendable {
    /// The model; nil: the one that the answer names.
    package let model: String?
    /// What it used.
    package let usage: Usage

    /// Creates a part.
    package init(model: String?, usage: Usage) {
        self.model = model
        self.usage = usage
    }
}
