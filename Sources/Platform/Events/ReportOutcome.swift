import JSON
package import LedgerCore
package import LedgerRuntime

/// What became of one report.
package enum ReportOutcome: Hashable, Sendable {
    /// It is recorded here.
    case recorded(Position)
    /// The same one was recorded before, here.
    case repeated(Position)
    /// Another one of its name is recorded here.
    case conflict(Position)
    /// The ledger does not take it now.
    case failed(LedgerError)
}

/// The answer to one body of reports.
enum EventAnswer {
    /// All are recorded; whether any of them only now.
    case recorded([UInt8], isNew: Bool)
    /// One of them contradicts what is recorded.
    case conflict(Position)
    /// One of them could not be recorded.
    case unavailable

    /// Sums up `outcomes`, which are in the order of `events`.
    init(_ events: [UsageReported], _ outcomes: [ReportOutcome]) {
        var isNew = false
        for outcome in outcomes {
            switch outcome {
            case .conflict(let position):
                self = .conflict(position)
                return
            case .failed:
                self = .unavailable
                return
            case .recorded: isNew = true
            case .repeated: break
            }
        }
        let body = JSONText.object { json in
            json.key("results")
            json.array { json in
                for (event, outcome) in zip(events, outcomes) {
                    json.object { Self.write(event, outcome, to: &$0) }
                }
            }
        }
        self = .recorded(body, isNew: isNew)
    }

    private static func write(_ event: UsageReported, _ outcome: ReportOutcome, to json: inout JSONText) {
        json.member("id", event.reportID)
        json.member("source", event.source)
        switch outcome {
        case .recorded(let position):
            json.member("position", position.value)
            json.key("costUsd")
            // Never a zero that stands for a price that is not known.
            if event.cost.state == .unpriced { json.null() } else { json.raw(event.cost.amount.decimalText) }
            json.member("costState", event.cost.state.rawValue)
        case .repeated(let position):
            // What it cost stands at that position; prices may have changed since.
            json.member("position", position.value)
            json.member("repeated", true)
        case .conflict, .failed: break
        }
    }
}
