import LedgerCore

extension DispatchRefused {
    /// The answer to a run that left the queue or never got into it.
    init(_ reason: DispatchRefusal, desk: DispatcherConfiguration) {
        switch reason {
        case .queueFull:
            self.init(
                status: 503, code: reason.rawValue,
                message: "\(desk.queueMax) messages wait already; try again in a moment.",
                retryAfterSeconds: 5)
        case .quota:
            self.init(
                status: 429, code: reason.rawValue, message: "The quota is used up.", retryAfterSeconds: nil)
        case .aborted:
            self.init(
                status: 409, code: reason.rawValue, message: "The message was taken back before it ran.",
                retryAfterSeconds: nil)
        case .deadline:
            self.init(
                status: 503, code: reason.rawValue,
                message: "No slot was free in \(desk.deadlineMilliseconds / 1_000) seconds.",
                retryAfterSeconds: 30)
        case .shutdown:
            self.init(
                status: 503, code: reason.rawValue, message: "The gateway is stopping.", retryAfterSeconds: 5)
        }
    }

    /// The answer to a run that a quota refused.
    init(_ event: DispatchRejected, at now: Timestamp) {
        let retryAt = event.limit?.retryAt
        let seconds = retryAt.map { Int(max(($0.microseconds - now.microseconds + 999_999) / 1_000_000, 1)) }
        let message =
            switch event.limit?.kind {
            case .dailyCost: "The daily quota is used up"
            case .monthlyCost: "The monthly quota is used up"
            case .dailyTokens: "The daily token quota is used up"
            case .disabled, nil: "This user may not run agents"
            }
        self.init(
            status: 429, code: DispatchRefusal.quota.rawValue,
            message: message + (retryAt.map { ", until \($0.text)." } ?? "."), retryAfterSeconds: seconds)
    }

    /// Nothing can be recorded, so nothing was started.
    static let unavailable = DispatchRefused(
        status: 503, code: "unavailable",
        message: "The ledger cannot record runs now; nothing was started. Try again in a moment.",
        retryAfterSeconds: 1)

    /// The run ended, and its end cannot be recorded yet.
    static let unrecorded = DispatchRefused(
        status: 503, code: "unrecorded",
        message: "The run has ended, but its end could not be recorded yet.", retryAfterSeconds: nil)
}
