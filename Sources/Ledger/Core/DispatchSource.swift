/// Where agent runs come from, as labels: a closed set, because a source's name is from outside.
package enum DispatchSource: String, CaseIterable, Sendable {
    case web, api, websocket, batch, cli, cron, telegram, slack, discord, whatsapp, email
    /// All others.
    case other

    /// The label of `source`.
    package static func label(of source: String) -> DispatchSource {
        DispatchSource(rawValue: source) ?? .other
    }
}

/// How an agent run ended, or that it never began.
package enum DispatchStatus: String, CaseIterable, Sendable {
    case ok, error, aborted, rejected

    /// The status of a run that began and ended so.
    package init(_ result: CallResult) {
        switch result {
        case .ok: self = .ok
        case .error: self = .error
        case .aborted: self = .aborted
        }
    }
}
