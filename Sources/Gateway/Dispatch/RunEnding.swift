import LedgerCore

/// How a run ended, as it is recorded and told.
struct RunEnding {
    let result: CallResult
    /// A stable word; nil when it ended well.
    let reason: String?
    /// What to tell people; nil when it ended well.
    let message: String?

    init(_ end: KernelEnd, stopReason: DispatchRun.StopReason?) {
        guard let failure = end.failure else {
            // It ended by itself, whatever was asked of it meanwhile.
            (result, reason, message) = (.ok, nil, nil)
            return
        }
        switch stopReason {
        case .aborted: (result, reason, message) = (.aborted, "aborted", "The run was stopped.")
        case .deadline:
            (result, reason, message) = (.error, "deadline", "The run took longer than it may.")
        case .shutdown: (result, reason, message) = (.aborted, "shutdown", "The gateway is stopping.")
        case nil: (result, reason, message) = (.error, failure.code.rawValue, failure.message)
        }
    }
}

extension DispatchOutcome {
    static func completed(
        _ event: DispatchCompleted, _ tally: RunTally, _ ending: RunEnding
    ) -> DispatchOutcome { .completed(event, text: tally.text, message: ending.message) }
}
