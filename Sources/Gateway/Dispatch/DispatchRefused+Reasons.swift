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
        let message = Self.words(event.limit)
        self.init(
            status: 429, code: DispatchRefusal.quota.rawValue,
            message: message + (retryAt.map { ", until \($0.text)." } ?? "."), retryAfterSeconds: seconds)
    }

    private static func words(_ limit: QuotaLimit?) -> String {
        let whose = limit?.subject.map { " of \($0.text)" } ?? ""
        guard let kind = limit?.kind, kind != .disabled else {
            return whose.isEmpty ? "This user may not run agents" : "No runs are admitted\(whose)"
        }
        let measure =
            switch kind.measure {
            case .cost: ""
            case .tokens: " token"
            case .requests: " request"
            }
        return "The \(kind.windowWord)\(measure) quota\(whose) is used up"
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
