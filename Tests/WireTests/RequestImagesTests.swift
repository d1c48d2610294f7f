import JSON
import Testing

@testable import Wire

@Suite("RequestImages")
struct RequestImagesTests {
    private func images(_ text: String, _ kind: APIKind) throws -> RequestImages {
        RequestImages(try JSONDocument.parse(Array(text.utf8)).root, kind: kind)
    }

    @Test("counts images of each API where they are images, and the bytes of their data")
    func counts() throws {
        let messages = try images(
            #"""
            {"messages":[{"content":"image"},{"content":[{"type":"image","source":{"type":"base64","data":"AAAA"}},
             {"type":"image","source":{"type":"url","url":"https://x"}},
             {"type":"tool_result","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]},
             {"type":"tool_use","input":{"type":"image","source":{"type":"base64","data":"BBBB"}}}]}]}
            """#, .messages)
        #expect(messages.count == 3 && messages.dataBytes == 4 && messages.words == 3)
        #expect(!messages.hasReferences, "an image's file is an image")
        let chat = try images(
            #"""
            {"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}},
             {"type":"image_url","image_url":{"url":"https://x"}}]}]}
            """#, .chatCompletions)
        #expect(chat.count == 2 && chat.dataBytes == 24 && chat.words == 4)
        let responses = try images(
            #"""
            {"input":[{"content":[{"type":"input_image","image_url":"data:image/png;base64,AA"}]},
             {"type":"function_call_output","output":[{"type":"input_image","file_id":"f"}]}]}
            """#, .responses)
        #expect(responses.count == 2 && responses.dataBytes == 24 && !responses.hasReferences)
        let gemini = try images(
            #"""
            {"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}},
             {"inline_data":{"mime_type":"application/pdf","data":"BBBB"}}]}]}
            """#, .geminiGenerate)
        #expect(gemini.count == 1 && gemini.dataBytes == 4)
        #expect(try images("{}", .messages) == RequestImages())
    }

    static let references: [(APIKind, String)] = [
        (
            .messages,
            #"{"messages":[{"content":[{"type":"text","type":"document","source":{"type":"url","url":"u"}}]}]}"#
        ),
        (
            .messages,
            #"{"messages":[{"content":"","content":[{"type":"document","source":{"type":"file"}}]}]}"#
        ),
        (.messages, #"{"messages":[{"content":[{"type":"container_upload","file_id":"f"}]}]}"#),
        (.chatCompletions, #"{"messages":[{"content":[{"type":"file","file":{"file_id":"f"}}]}]}"#),
        (.responses, #"{"input":[{"type":"item_reference","id":"i"}]}"#),
        (.responses, #"{"input":[{"content":[{"type":"input_file","file_url":"u"}]}]}"#),
        (.geminiGenerate, #"{"contents":[{"parts":[{"fileData":{"fileUri":"u"}}]}]}"#),
    ]

    @Test("notes what is to be read elsewhere, whichever of repeated keys says so", arguments: references)
    func notesReferences(_ test: (APIKind, String)) throws {
        #expect(try images(test.1, test.0).hasReferences)
    }

    static let twofold: [(APIKind, String)] = [
        (
            .messages,
            #"{"messages":[{"content":[{"type":"image","type":"document","source":{"type":"base64","data":"A"}}]}]}"#
        ),
        (
            .messages,
            #"{"messages":[{"content":[{"type":"image","source":{"type":"base64","type":"text","data":"A"}}]}]}"#
        ),
        (
            .geminiGenerate,
            #"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","mime_type":"text/plain","data":"A"}}]}]}"#
        ),
        (
            .geminiGenerate,
            #"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","mimeType":"text/plain","data":"A"}}]}]}"#
        ),
        (
            .geminiGenerate,
            #"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"A"},"inline_data":{}}]}]}"#
        ),
    ]

    @Test("what another reader may take for no image has its bytes counted as text too", arguments: twofold)
    func countsTwofold(_ test: (APIKind, String)) throws {
        let found = try images(test.1, test.0)
        #expect(found.count == 1 && found.dataBytes == 0)
    }

    @Test("a tool's words refer to nothing")
    func schemas() throws {
        let content = #"[{"type":"document","source":{"type":"base64","data":"A"}}]"#
        let schema = #"{"properties":{"url":{},"file_id":{},"document":{"type":"url"}}}"#
        let text = #"{"messages":[{"content":\#(content)}],"tools":[{"input_schema":\#(schema)}]}"#
        #expect(try !images(text, .messages).hasReferences)
    }

    @Test("a batch has those of all its requests")
    func batch() throws {
        let one =
            #"{"params":{"model":"m","max_tokens":1,"messages":[{"content":[{"type":"image","source":{"type":"base64","data":"AAAA"}}]}]}}"#
        let route = APIRoute(method: "POST", path: "/v1/messages/batches")
        let request = try CallRequest(Array(#"{"requests":[\#(one),\#(one)]}"#.utf8), route: route)
        #expect(request.images.count == 2 && request.images.dataBytes == 8)
    }
}
