/// How a service does, as `/health` says it.
package struct HealthReport {
    /// The overall state.
    package enum State: String {
        /// All is well.
        case ok
        /// It works; something beside it does not.
        case degraded
        /// It cannot do its work.
        case failing
    }

    /// The overall state.
    package let state: State
    /// Parts and how they do, each value JSON already.
    package let parts: [(name: String, json: String)]

    /// Creates a report.
    package init(_ state: State, parts: [(name: String, json: String)]) {
        self.state = state
        self.parts = parts
    }

    /// The body of `/health`.
    var json: [UInt8] {
        let rest = parts.map { ",\"\($0.name)\":\($0.json)" }.joined()
        return Array("{\"status\":\"\(state.rawValue)\"\(rest)}\n".utf8)
    }
}
