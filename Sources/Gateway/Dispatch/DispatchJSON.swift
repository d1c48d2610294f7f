package import JSON
package import LedgerCore

/// How a run's end is told: the one form for sockets and for HTTP.
package enum DispatchJSON {
    /// Writes what is recorded of a run, and its answer, as members of an open object.
    ///
    /// `message` says to people why it did not end well.
    package static func writeResult(
        _ completed: DispatchCompleted, text: String, message: String?, to json: inout JSONText
    ) {
        json.member("dispatchId", completed.dispatch.dispatchID.text)
        json.member("sessionId", completed.dispatch.sessionID)
        json.member("result", completed.result.rawValue)
        if let reason = completed.reason { json.member("reason", reason) }
        if let message { json.member("message", message) }
        json.key("costUsd")
        // Without a price the cost is not known, and never shown as zero.
        if completed.cost.state == .unpriced {
            json.null()
        } else {
            json.raw(completed.cost.amount.decimalText)
        }
        json.member("costState", completed.cost.state.rawValue)
        if let reported = completed.reportedCost {
            json.key("reportedUsd")
            json.raw(reported.decimalText)
        }
        json.member("billing", completed.billing.rawValue)
        json.member("tokensIn", completed.usage.inputTokens)
        json.member("tokensOut", completed.usage.outputTokens)
        json.member("model", completed.model.isEmpty ? nil : completed.model)
        json.member("calls", completed.calls)
        json.key("toolsUsed")
        json.array { json in for tool in completed.toolsUsed { json.string(tool) } }
        json.member("durationMs", completed.durationMilliseconds)
        json.member("text", text)
    }
}
