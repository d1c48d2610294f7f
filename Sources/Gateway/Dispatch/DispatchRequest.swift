package import HTTP
package import LedgerCore

/// What somebody asks an agent to do.
package struct DispatchRequest: Sendable {
    /// For whom.
    package var user: UserID
    /// Where the message comes from.
    package var source: String
    /// The conversation; nil: a new one.
    package var sessionID: String?
    /// The message.
    package var text: String
    /// The model asked for; nil: the kernel's own.
    package var model: String?
    /// The trace that it belongs to; its kernel's calls belong to it too.
    package var trace: TraceParent?

    /// Creates a request.
    package init(
        user: UserID, source: String, sessionID: String? = nil, text: String, model: String? = nil,
        trace: TraceParent? = nil
    ) {
        self.user = user
        self.source = source
        self.sessionID = sessionID
        self.text = text
        self.model = model
        self.trace = trace
    }
}

/// What a run tells whoever asked for it, on the loop's thread.
package struct DispatchHandlers {
    /// Something happened.
    package var onEvent: (DispatchProgress) -> Void
    /// The run is over, and what is recorded of it is durable; called exactly once.
    package var onEnd: (DispatchOutcome) -> Void

    /// Two closures.
    package init(
        onEvent: @escaping (DispatchProgress) -> Void, onEnd: @escaping (DispatchOutcome) -> Void
    ) {
        self.onEvent = onEvent
        self.onEnd = onEnd
    }
}

/// What happens in a run.
package enum DispatchProgress: Hashable, Sendable {
    /// The kernel runs; the model, once it says which.
    case ready(model: String?)
    /// A piece of the answer.
    case text(String)
    /// A tool is used, given this JSON.
    case tool(name: String, input: String)
}

/// How a run ended.
package enum DispatchOutcome: Sendable {
    /// It ran; what is recorded, and the answer's text.
    case completed(DispatchCompleted, text: String, message: String?)
    /// It never ran.
    case refused(DispatchRefused)
}

/// Why a run never started, in words.
package struct DispatchRefused: Error, Hashable, Sendable {
    /// The HTTP status that says so.
    package let status: Int
    /// A stable word: a ``DispatchRefusal``, or `unavailable`.
    package let code: String
    /// What happened and what to do.
    package let message: String
    /// When it is worth another try.
    package let retryAfterSeconds: Int?
}
