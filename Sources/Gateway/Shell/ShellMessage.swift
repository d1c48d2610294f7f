import JSON
import LedgerCore

/// What a shell is told: one JSON object in one text.
enum ShellMessage {
    /// The first one: who is signed in, today's use, what fires.
    static func ready(_ user: UserID, _ today: ShellToday, alerts: [AlertReceived]) -> [UInt8] {
        object("ready") { json in
            json.member("user", user.text)
            json.key("today")
            json.object { today.write(to: &$0) }
            json.key("alerts")
            json.array { json in for alert in alerts { json.object { write(alert, to: &$0) } } }
        }
    }

    /// A run was taken in.
    static func queued(_ run: ShellRun) -> [UInt8] {
        object("queued") { json in
            write(run, to: &json)
            json.member("sessionId", run.sessionID)
        }
    }

    /// Something happened in a run.
    static func progress(_ run: ShellRun, _ event: DispatchProgress) -> [UInt8] {
        switch event {
        case .ready(let model):
            object("init") { json in
                write(run, to: &json)
                json.member("sessionId", run.sessionID)
                if let model { json.member("model", model) }
            }
        case .text(let text):
            object("text") { json in
                json.member("dispatchId", run.dispatchID.text)
                json.member("text", text)
            }
        case .tool(let name, let input):
            object("tool") { json in
                json.member("dispatchId", run.dispatchID.text)
                json.member("name", name)
                json.member("input", input)
            }
        }
    }

    /// A run's end, as it is recorded.
    static func result(
        _ run: ShellRun, _ completed: DispatchCompleted, text: String, message: String?, _ today: ShellToday
    ) -> [UInt8] {
        object("result") { json in
            if let tag = run.tag { json.member("id", tag) }
            DispatchJSON.writeResult(completed, text: text, message: message, to: &json)
            json.key("today")
            json.object { today.write(to: &$0) }
        }
    }

    /// What went wrong, with a run or with what was sent.
    static func error(
        _ run: ShellRun? = nil, tag: String? = nil, code: String, message: String, retryAfter: Int? = nil
    ) -> [UInt8] {
        object("error") { json in
            if let run { write(run, to: &json) } else if let tag { json.member("id", tag) }
            json.member("code", code)
            json.member("message", message)
            if let retryAfter { json.member("retryAfter", retryAfter) }
        }
    }

    /// An alert fires, or has ended.
    static func alert(_ alert: AlertReceived) -> [UInt8] { object("alert") { write(alert, to: &$0) } }

    /// Here I am.
    static let pong = object("pong") { _ in }

    private static func object(_ type: String, _ body: (inout JSONText) -> Void) -> [UInt8] {
        JSONText.object { json in
            json.member("type", type)
            body(&json)
        }
    }

    private static func write(_ run: ShellRun, to json: inout JSONText) {
        json.member("dispatchId", run.dispatchID.text)
        if let tag = run.tag { json.member("id", tag) }
    }

    private static func write(_ alert: AlertReceived, to json: inout JSONText) {
        json.member("fingerprint", alert.fingerprint)
        json.member("status", alert.status.rawValue)
        json.member("name", alert.name)
        if let severity = alert.severity { json.member("severity", severity) }
        if let summary = alert.summary { json.member("summary", summary) }
        json.member("startsAt", alert.startsAt.text)
        if let endsAt = alert.endsAt { json.member("endsAt", endsAt.text) }
        json.member("from", alert.from)
    }
}
