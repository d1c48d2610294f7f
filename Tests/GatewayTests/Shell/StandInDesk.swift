import EventLoop
import LedgerCore

@testable import Gateway

/// A desk whose runs do what a test says.
///
/// Loop thread only.
final class StandInDesk: DispatchDesk {
    /// One run, in the test's hand.
    final class Run: DispatchHandle {
        let dispatchID: UniqueID
        let sessionID: String
        let request: DispatchRequest
        let handlers: DispatchHandlers
        private(set) var isAborted = false

        init(_ number: Int, _ request: DispatchRequest, _ handlers: DispatchHandlers) {
            dispatchID = UniqueID(bits: UInt128(number))
            sessionID = request.sessionID ?? "session-\(number)"
            self.request = request
            self.handlers = handlers
        }

        func abort() {
            guard !isAborted else { return }
            isAborted = true
            onAbort?(self)
        }

        var onAbort: ((Run) -> Void)?

        func end(
            _ result: CallResult = .ok, reason: String? = nil, text: String = "", message: String? = nil,
            _ change: (inout DispatchCompleted) -> Void = { _ in }
        ) {
            let identity = DispatchIdentity(
                dispatchID: dispatchID, user: request.user, source: request.source, sessionID: sessionID,
                kernel: "command")
            var completed = DispatchCompleted(
                dispatch: identity, billing: .direct, result: result, reason: reason,
                usageSource: .reportedByAgent, cost: .priced(.zero), priceBook: "",
                durationMilliseconds: 12)
            change(&completed)
            handlers.onEnd(.completed(completed, text: text, message: message))
        }
    }

    private(set) var runs: [Run] = []
    /// What each run does by itself, from the loop.
    var onSubmit: ((Run) -> Void)?
    /// Called with each run that is taken back.
    var onAbort: ((Run) -> Void)?

    func submit(_ request: DispatchRequest, _ handlers: DispatchHandlers) -> any DispatchHandle {
        let run = Run(runs.count + 1, request, handlers)
        run.onAbort = onAbort
        runs.append(run)
        onSubmit?(run)
        return run
    }

    /// Forgets the runs.
    func clear() { runs = [] }
}
