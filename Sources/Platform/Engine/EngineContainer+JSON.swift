import JSON

extension EngineContainer {
    /// Reads one element of `GET /containers/json`.
    init(listed value: JSONValue) throws(EngineError) {
        guard value.kind == .object, let id = value["Id"]?.string, !id.isEmpty else {
            throw .malformed("a listed container has no Id")
        }
        let name = value["Names"]?.array.first { $0.string != nil }?.string ?? ""
        self.init(
            id: id, name: Self.withoutSlash(name), image: value["Image"]?.string ?? "",
            labels: EngineJSON.strings(value["Labels"]),
            state: Self.state(value["State"]?.string), health: Self.health(inStatus: value["Status"]?.string))
    }

    /// Reads the answer to `GET /containers/{id}/json`.
    init(inspected body: [UInt8]) throws(EngineError) {
        let root = try EngineJSON.object(body, of: "a container")
        guard let id = root["Id"]?.string, !id.isEmpty, let state = root["State"], state.kind == .object
        else { throw .malformed("a container has no Id or no State") }
        let doing = Self.state(state["Status"]?.string)
        let isOver = doing == .exited || doing == .dead
        self.init(
            id: id, name: Self.withoutSlash(root["Name"]?.string ?? ""),
            image: root["Config"]?["Image"]?.string ?? root["Image"]?.string ?? "",
            labels: EngineJSON.strings(root["Config"]?["Labels"]), state: doing,
            health: Health(rawValue: state["Health"]?["Status"]?.string ?? "") ?? .none,
            exitCode: isOver ? state["ExitCode"]?.int64 : nil,
            isOOMKilled: state["OOMKilled"]?.bool ?? false)
    }

    private static func withoutSlash(_ name: String) -> String {
        name.hasPrefix("/") ? String(name.dropFirst()) : name
    }

    private static func state(_ word: String?) -> State {
        guard let word else { return .unknown }
        return switch word {
        // Podman's words.
        case "configured", "initialized": .created
        case "stopped": .exited
        case "stopping": .running
        default: State(rawValue: word) ?? .unknown
        }
    }

    /// A list tells health only within the text `Up 3 seconds (health: starting)`.
    private static func health(inStatus status: String?) -> Health {
        guard let status else { return .none }
        if status.hasSuffix("(healthy)") { return .healthy }
        if status.hasSuffix("(unhealthy)") { return .unhealthy }
        if status.hasSuffix("(health: starting)") || status.hasSuffix("(starting)") { return .starting }
        return .none
    }
}
