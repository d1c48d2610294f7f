package import JSON
package import LedgerCore

extension UsageSums {
    /// Writes the sums as members of an open object: the one form for every answer and every command.
    package func write(to json: inout JSONText) {
        json.member("calls", calls)
        json.member("errors", errors)
        json.member("rejected", rejected)
        json.member("tokensIn", inputTokens)
        json.member("tokensOut", outputTokens)
        json.key("costUsd")
        json.raw(cost.decimalText)
        json.key("estimatedUsd")
        json.raw(estimated.decimalText)
        json.member("unpricedCalls", unpricedCalls)
        json.key("heldUsd")
        json.raw(held.decimalText)
        json.member("dispatches", dispatches)
        json.member("failedDispatches", failedDispatches)
        json.member("cpuMs", cpuMilliseconds)
        json.member("memoryMibS", memoryMebibyteSeconds)
        json.member("adjustments", adjustments)
        json.key("adjustedUsd")
        json.raw(adjusted.decimalText)
    }
}
