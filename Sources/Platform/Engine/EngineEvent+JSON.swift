import JSON

extension EngineEvent {
    /// Reads one line of `GET /events`; nil when it tells of no container.
    ///
    /// - Throws: ``EngineError/malformed(_:)``.
    static func parse(
        _ line: UnsafeRawBufferPointer, _ parser: JSONParser
    ) throws(EngineError) -> EngineEvent? {
        let document: JSONDocument
        do throws(JSONError) {
            document = try parser.parse(line, depthMax: 32)
        } catch {
            throw .malformed("an event is not JSON")
        }
        let root = document.root
        guard root.kind == .object else { throw .malformed("an event is not an object") }
        if let type = root["Type"]?.string, type != "container" { return nil }
        guard let id = root["Actor"]?["ID"]?.string ?? root["id"]?.string, !id.isEmpty,
            let action = root["Action"]?.string ?? root["status"]?.string
        else { throw .malformed("an event names no container or no action") }
        let attributes = EngineJSON.strings(root["Actor"]?["Attributes"])
        let exit = attributes["exitCode"] ?? attributes["containerExitCode"]
        return EngineEvent(
            id: id, action: Self.action(action), exitCode: exit.flatMap { Int64($0) }, labels: attributes)
    }

    private static func action(_ word: String) -> Action {
        switch word {
        case "died": .die
        case "remove": .destroy
        default: word.hasPrefix("health_status") ? .health : Action(rawValue: word) ?? .other
        }
    }
}
