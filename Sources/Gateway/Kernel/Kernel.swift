package import HTTP
package import LedgerCore

/// What runs an agent: one protocol for every kind.
///
/// Loop thread only.
package protocol Kernel {
    /// The kind, as events name it (`command`, `messages`, `http`).
    var kind: String { get }

    /// Whether each of its calls goes through the Proxy, whatever it says itself.
    var isAlwaysProxied: Bool { get }

    /// Starts a run.
    ///
    /// The handlers are called later from the loop, never from inside this call; ``KernelHandlers/onEnd``
    /// exactly once, after which nothing of the run is left: no process, no transfer, no timer.
    func start(_ task: KernelTask, _ handlers: KernelHandlers) -> any KernelRun
}

extension Kernel {
    /// Only the run's calls can tell.
    package var isAlwaysProxied: Bool { false }
}

/// One run under way.
package protocol KernelRun: AnyObject {
    /// Asks it to end now; its end is told by ``KernelHandlers/onEnd`` as always.
    ///
    /// Harmless when it has ended.
    func stop()
}

/// What a kernel is asked to do.
package struct KernelTask: Sendable {
    /// The run's identifier, sent with each of its model calls.
    package let dispatchID: UniqueID
    /// For whom.
    package let user: UserID
    /// The conversation.
    package let sessionID: String
    /// The message.
    package let text: String
    /// The model asked for; nil: the kernel's own.
    package let model: String?
    /// Where the Proxy listens, for example `http://127.0.0.1:8080`.
    package let proxyURL: String
    /// The user's key for the Proxy.
    package let key: String
    /// The trace that it belongs to, sent with each of its model calls.
    package let trace: TraceParent?

    /// Creates a task.
    package init(
        dispatchID: UniqueID, user: UserID, sessionID: String, text: String, model: String? = nil,
        proxyURL: String, key: String, trace: TraceParent? = nil
    ) {
        self.dispatchID = dispatchID
        self.user = user
        self.sessionID = sessionID
        self.text = text
        self.model = model
        self.proxyURL = proxyURL
        self.key = key
        self.trace = trace
    }
}

/// What a run calls, on the loop's thread.
package struct KernelHandlers {
    /// Something happened in the run.
    package var onEvent: (KernelEvent) -> Void
    /// The run has ended.
    package var onEnd: (KernelEnd) -> Void

    /// Two closures.
    package init(onEvent: @escaping (KernelEvent) -> Void, onEnd: @escaping (KernelEnd) -> Void) {
        self.onEvent = onEvent
        self.onEnd = onEnd
    }
}

/// What happens in a run.
package enum KernelEvent: Hashable, Sendable {
    /// The agent is there; the model that it uses, where it says so.
    case ready(model: String?)
    /// A piece of its answer.
    case text(String)
    /// It uses a tool, given this JSON.
    case tool(name: String, input: String)
}

/// How a run ended.
package struct KernelEnd: Hashable, Sendable {
    /// Why it failed; nil: it did not.
    package var failure: KernelFailure?
    /// What each model used, as the kernel says, of this run alone; nil: it does not say.
    ///
    /// An entry's provider is `anthropic` unless the kernel says otherwise.
    package var usage: [KernelUsage]?
    /// What the kernel says that the run cost.
    package var reportedCost: Money?
    /// The answer as a whole, where the kernel repeats it at the end.
    package var text: String?
    /// The provider's identifier of the last answer.
    package var providerRequestID: String?

    /// Creates an end.
    package init(
        failure: KernelFailure? = nil, usage: [KernelUsage]? = nil, reportedCost: Money? = nil,
        text: String? = nil, providerRequestID: String? = nil
    ) {
        self.failure = failure
        self.usage = usage
        self.reportedCost = reportedCost
        self.text = text
        self.providerRequestID = providerRequestID
    }
}

/// What one model used within a run.
package struct KernelUsage: Hashable, Sendable {
    /// The provider.
    package let provider: String
    /// The model.
    package let model: String
    /// What it used.
    package let usage: Usage

    /// Creates a usage.
    package init(provider: String, model: String, usage: Usage) {
        self.provider = provider
        self.model = model
        self.usage = usage
    }
}

/// Why a run failed.
package struct KernelFailure: Error, Hashable, Sendable {
    /// The kind.
    package let code: Code
    /// What happened and what to do, for people; never a key or a prompt.
    package let message: String

    /// Creates a failure.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The kinds, as events name them.
    package enum Code: String, CaseIterable, Sendable {
        /// It could not be started.
        case start = "kernel_start"
        /// It ended without a result, by itself or by a signal.
        case exit = "kernel_exit"
        /// Nothing came from it for too long.
        case hang = "kernel_hang"
        /// More came from it than is taken.
        case flood = "kernel_flood"
        /// What came from it is not the protocol.
        case garbled = "kernel_garbled"
        /// It could not be reached, or the connection broke.
        case connection = "kernel_connection"
        /// It says itself that it failed.
        case reported = "kernel_error"
        /// It was stopped from here.
        case stopped = "kernel_stopped"
        /// A quota refused its calls.
        case quota
    }
}
