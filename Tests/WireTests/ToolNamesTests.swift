import JSON
import Testing

@testable import Wire

@Suite("ToolNames")
struct ToolNamesTests {
    @Test("Names are bounded in count and length")
    func bounds() throws {
        let long = String(repeating: "é", count: 500)
        let blocks = (0..<500).map { "{\"type\":\"tool_use\",\"name\":\"\($0)\(long)\"}" }
        var tools = ToolNames()
        tools.take(anthropic: try object("{\"content\":[\(blocks.joined(separator: ","))]}"))
        #expect(tools.names.count == ToolNames.namesMax)
        #expect(tools.names.allSatisfy { $0.unicodeScalars.count == ToolNames.scalarsMax })
        #expect(tools.names.first?.hasPrefix("0é") == true)
    }

    static let chats: [(String, [String])] = [
        // Calls that share the index 0 are told apart by their ids.
        (
            #"{"index":0,"id":"a","function":{"name":"x"}},{"index":0,"id":"b","function":{"name":"x"}}"#,
            ["x", "x"]
        ),
        // Without either, by their places.
        (#"{"function":{"name":"x"}},{"function":{"name":"y"}}"#, ["x", "y"]),
        (#"{"index":0,"id":"a","function":{"name":""}}"#, []),
        (#"{"index":0,"id":5,"function":"x"}"#, []), ("5", []),
    ]

    @Test("Calls of a chat are told apart by id or place", arguments: chats)
    func chat(_ calls: String, _ expected: [String]) throws {
        var tools = ToolNames()
        tools.take(chat: try object(#"{"choices":[{"message":{"tool_calls":[\#(calls)]}}]}"#))
        #expect(tools.names == expected)
    }

    @Test("A function call of the old shape counts once, though its name is repeated")
    func functionCall() throws {
        var tools = ToolNames()
        for _ in 0..<2 {
            tools.take(chat: try object(#"{"choices":[{"delta":{"function_call":{"name":"x"}}}]}"#))
        }
        #expect(tools.names == ["x"])
    }

    private func object(_ text: String) throws -> JSONValue { try JSONDocument.parse(Array(text.utf8)).root }
}
