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

    static let items: [(String, isUnpriced: Bool)] = [
        (#"{"type":"image_generation_call"}"#, true), (#"{"type":"file_search_call"}"#, true),
        (#"{"type":"code_interpreter_call"}"#, true), (#"{"type":"web_search_call"}"#, false),
        (#"{"type":"function_call","name":"file_search"}"#, false), (#"{"type":"file_search"}"#, false),
        (#"{"type":"shell_call","environment":{"type":"container_reference"}}"#, true),
        (#"{"type":"shell_call","environment":{"type":"local"}}"#, false), (#"{"type":"shell_call"}"#, false),
    ]

    @Test("A tool with a fee is seen whichever of repeated keys says so")
    func offered() throws {
        #expect(UnpricedTool.isOffered(try object(#"{"type":"function","type":"file_search"}"#)))
        #expect(
            UnpricedTool.isOffered(try object(#"{"type":"shell","environment":{"type":"container_auto"}}"#)))
        #expect(!UnpricedTool.isOffered(try object(#"{"type":"shell","environment":{"type":"local"}}"#)))
        #expect(!UnpricedTool.isOffered(try object(#"{"name":"file_search"}"#)))
        #expect(UnpricedTool.isAll(try object(#"{"type":"image_generation","model":"m"}"#)))
        #expect(!UnpricedTool.isAll(try object(#"{"type":"image_generation","type":"advisor_1"}"#)))
        #expect(!UnpricedTool.isAll(try object(#"{"name":"file_search"}"#)))
    }

    @Test("A provider's own tool with a fee is told from a function of its name", arguments: items)
    func unpriced(_ item: (text: String, isUnpriced: Bool)) throws {
        var tools = ToolNames()
        tools.take(responses: try object(#"{"item":\#(item.text)}"#))
        #expect(tools.hasUnpriced == item.isUnpriced)
        // Behind more calls than have their names noted, too.
        let many = (0..<200).map { _ in #"{"type":"function_call","name":"f"}"# }.joined(separator: ",")
        tools = ToolNames()
        tools.take(responses: try object(#"{"output":[\#(many),\#(item.text)]}"#))
        #expect(tools.hasUnpriced == item.isUnpriced)
    }

    private func object(_ text: String) throws -> JSONValue { try JSONDocument.parse(Array(text.utf8)).root }
}
