import Wire
import HTTPClient
import LedgerCore

/// What a client is told when a quota refuses its call.
enum QuotaMessage {
    static func text(_ event: CallRejected) -> String {
        let limit = event.limit
        let whose = limit.subject.map { " of \($0.text)" } ?? ""
        let window = limit.kind.windowWord
        if limit.kind == .disabled {
            return whose.isEmpty ? "This user may not make calls." : "No calls are admitted\(whose)."
        }
        if let shortage = limit.shortage { return text(shortage, window + " quota" + whose, event) }
        switch limit.kind.measure {
        case .cost:
            return
                "The \(window) quota\(whose) would be exceeded: this call may cost up to "
                + "$\(event.requested.decimalText); $\(dollars(limit.used)) used and "
                + "$\(dollars(limit.reserved)) reserved of $\(dollars(limit.limit))\(until(limit))."
        case .tokens:
            return
                "\(capital(window)) token quota\(whose) exceeded: this call may use up to "
                + "\(event.requestedTokens) tokens; \(limit.used) used and \(limit.reserved) reserved of "
                + "\(limit.limit)\(until(limit))."
        case .requests:
            return
                "\(capital(window)) request quota\(whose) exceeded: \(limit.used) calls ended and "
                + "\(limit.reserved) under way of \(limit.limit)\(until(limit))."
        }
    }

    /// What a call is told that a shared limit has no room for, here and now.
    private static func text(_ shortage: LeaseShortage, _ quota: String, _ event: CallRejected) -> String {
        let limit = event.limit
        let left = max(limit.limit - limit.used - limit.reserved, 0)
        let figures =
            switch limit.kind.measure {
            case .cost:
                "this call may cost up to $\(event.requested.decimalText); of $\(dollars(limit.limit)) "
                    + "$\(dollars(left)) is free here"
            case .tokens:
                "this call may use up to \(event.requestedTokens) tokens; of \(limit.limit) "
                    + "\(left) are free here"
            case .requests: "of \(limit.limit) calls \(left) are free here"
            }
        return switch shortage {
        case .elsewhere:
            "The \(quota) is shared, and others have used or hold the rest of it: \(figures)\(until(limit))."
        case .unavailable:
            "The \(quota) is shared, and no more of it can be had for now: \(figures)\(until(limit))."
        }
    }

    private static func capital(_ word: String) -> String { word.prefix(1).uppercased() + word.dropFirst() }

    private static func dollars(_ attos: Int128) -> String { Money(attos: attos).decimalText }

    private static func until(_ limit: QuotaLimit) -> String {
        limit.retryAt.map { ", until \($0.text)" } ?? ""
    }
}

/// What a client is told when the provider gave no answer.
enum UpstreamFailure {
    static func answer(to error: HTTPClientError) -> ProviderFailure {
        switch error {
        case .timeout: .upstreamTimedOut
        case .tooManyTransfers: .unavailable("Too many calls are under way.")
        default: .upstreamFailed("The provider could not be reached: \(error.reason).")
        }
    }
}
