import JSON
import Testing

@testable import Wire

@Suite("CallRequest")
struct CallRequestTests {
    static let messages = APIRoute(method: "POST", path: "/v1/messages")
    static let chat = APIRoute(method: "POST", path: "/v1/chat/completions")
    static let responses = APIRoute(method: "POST", path: "/v1/responses")

    @Test("reads a messages request")
    func readsMessages() throws {
        let text = #"""
            {"model":"claude-sonnet-5","max_tokens":1024,"stream":true,"service_tier":"auto","speed":"fast",
             "messages":[{"role":"user","content":[{"type":"im\u0061ge","source":{}},
              {"type":"text","text":"image"}]}],
             "tools":[{"type":"web_search_20250305","name":"web_search","max_uses":5},{"name":"f"}]}
            """#
        let request = try CallRequest(Array(text.utf8), route: Self.messages)
        #expect(request.model == "claude-sonnet-5")
        #expect(request.isStreamed)
        #expect(request.maxOutputTokens == 1024)
        #expect(request.serviceTier == "auto")
        #expect(request.speed == "fast")
        #expect(request.tools == 2)
        #expect(request.hasWebSearch)
        #expect(request.webSearchesMax == 5)
        #expect(request.mediaParts == 2)
        #expect(request.bodyBytes == text.utf8.count)
    }

    @Test("reads a chat request, the larger of two limits, and how many answers")
    func readsChat() throws {
        let text = #"""
            {"model":"gpt-5.6","messages":[],"max_tokens":10,"max_completion_tokens":20,"n":3,"stream":true,
             "stream_options":{"include_usage":true},"web_search_options":{}}
            """#
        let request = try CallRequest(Array(text.utf8), route: Self.chat)
        #expect(request.maxOutputTokens == 20)
        #expect(request.answers == 3)
        #expect(request.isUsageAsked)
        #expect(request.hasWebSearch)
        #expect(request.webSearchesMax == nil)
    }

    static let prompts: [(String, Int64)] = [
        (#""prompt":"a""#, 1), (#""prompt":["a"]"#, 1), (#""prompt":["a","b","c"]"#, 3),
        (#""prompt":[1,2,3]"#, 1), (#""prompt":[[1,2],[3],[4]]"#, 3), (#""prompt":[]"#, 1),
        (#""prompt":null"#, 1), (#""prompt":[1,"a",[2]]"#, 3), (#""prompt":{"id":"p"}"#, 1),
    ]

    @Test("counts the prompts of a completion; a list of tokens is one", arguments: prompts)
    func countsPrompts(_ field: String, _ count: Int64) throws {
        let text = #"{"model":"m","n":2,\#(field)}"#
        for path in ["/v1/completions", "/openai/deployments/d/completions"] {
            let request = try CallRequest(Array(text.utf8), route: APIRoute(method: "POST", path: path))
            #expect(request.prompts == count, "\(path)")
            #expect(request.answers == 2)
        }
    }

    @Test("counts what is embedded, and takes a conversation for one prompt")
    func countsInputs() throws {
        let gemini = "/v1beta/models/m:batchEmbedContents"
        for (path, text, count) in [
            ("/v1/embeddings", #"{"model":"m","input":["a","b"]}"#, 2),
            ("/v1/embeddings", #"{"model":"m","input":[[1],[2],[3]]}"#, 3),
            ("/v1/embeddings", #"{"model":"m","input":[1,2,3]}"#, 1), (gemini, #"{"requests":[{},{}]}"#, 2),
            ("/v1/responses", #"{"model":"m","input":[{"role":"user"},{"role":"user"}]}"#, 1),
        ] as [(String, String, Int64)] {
            let request = try CallRequest(Array(text.utf8), route: APIRoute(method: "POST", path: path))
            #expect(request.prompts == count, "\(path) \(text)")
        }
    }

    @Test("takes null for absent, and a responses request without model")
    func readsResponses() throws {
        let text =
            #"{"model":null,"stream":null,"max_output_tokens":null,"stream_options":null,"background":true}"#
        let request = try CallRequest(Array(text.utf8), route: Self.responses)
        #expect(request.model == nil)
        #expect(!request.isStreamed)
        #expect(request.maxOutputTokens == nil)
        #expect(request.isBackground)
    }

    @Test("takes Gemini's model and stream from the path")
    func readsGemini() throws {
        let route = APIRoute(method: "POST", path: "/v1beta/models/gemini-2.5-pro:streamGenerateContent")
        let text = #"""
            {"contents":[],"generationConfig":{"maxOutputTokens":7,"candidateCount":2},
             "tools":[{"googleSearch":{}}]}
            """#
        let request = try CallRequest(Array(text.utf8), route: route)
        #expect(request.model == "gemini-2.5-pro")
        #expect(request.isStreamed)
        #expect(request.maxOutputTokens == 7)
        #expect(request.answers == 2)
        #expect(request.hasWebSearch)
    }

    @Test("a chat with a model that searches unasked may search once")
    func searchModel() throws {
        func searches(_ model: String, _ more: String = "") throws -> Int64? {
            let text = #"{"model":"\#(model)","messages":[]\#(more)}"#
            let route = APIRoute(method: "POST", path: "/v1/chat/completions")
            return try CallRequest(Array(text.utf8), route: route).webSearchesMax
        }
        #expect(try searches("gpt-4o-mini-search-preview") == 1)
        #expect(try searches("gpt-4o-mini") == 0)
        #expect(try searches("gpt-5-search-api", #","web_search_options":{}"#) == nil)
    }

    @Test("of output limits in two places the larger one counts, in either order")
    func twoLimits() throws {
        let (small, large) = (
            #""generation_config":{"maxOutputTokens":1}"#, #""generationConfig":{"maxOutputTokens":9}"#
        )
        for text in ["{\(small),\(large)}", "{\(large),\(small)}"] {
            let route = APIRoute(method: "POST", path: "/v1beta/models/g:generateContent")
            #expect(try CallRequest(Array(text.utf8), route: route).maxOutputTokens == 9)
        }
        let both = #"{"model":"m","max_tokens":9,"messages":[],"inferenceConfig":{"maxTokens":1}}"#
        #expect(try CallRequest(Array(both.utf8), route: Self.messages).maxOutputTokens == 9)
    }

    @Test("words in a tool's description are no media, and only a compaction is a second answer")
    func wordsOfTools() throws {
        func request(_ more: String) throws -> CallRequest {
            let text =
                #"{"model":"m","max_tokens":1,"messages":[{"content":[{"type":"image"}]}],"tools":[{"name":"f","input_schema":{"properties":{"file":{},"image":{}}}}]\#(more)}"#
            return try CallRequest(Array(text.utf8), route: Self.messages)
        }
        #expect(try request("").mediaParts == 1)
        #expect(try !request("").hasProviderTools)
        let clearing = #","context_management":{"edits":[{"type":"clear_thinking_20251015"}]}"#
        #expect(try !request(clearing).mayCompact)
        let compacting = #","context_management":{"edits":[{"type":"compact_20260112"}]}"#
        #expect(try request(compacting).mayCompact)
    }

    @Test("bounds a batch by its requests")
    func readsBatch() throws {
        let route = APIRoute(method: "POST", path: "/v1/messages/batches")
        let one = #"{"custom_id":"a","params":{"model":"m","max_tokens":10,"messages":[]}}"#
        let two = #"{"custom_id":"b","params":{"model":"m","max_tokens":30,"messages":[]}}"#
        let request = try CallRequest(Array(#"{"requests":[\#(one),\#(two)]}"#.utf8), route: route)
        #expect(request.model == "m")
        #expect(request.answers == 2)
        #expect(request.maxOutputTokens == 30)
    }

    static let refused: [(String, RequestError)] = [
        ("", .notJSON(.empty)),
        (#"{"model":"\ud800"}"#, .notJSON(.badText)),
        ("[]", .notAnObject),
        (#"{"max_tokens":1}"#, .missing("model")),
        (#"{"model":"m"}"#, .missing("max_tokens")),
        (#"{"model":1,"max_tokens":1}"#, .wrongType(field: "model", expected: "a string")),
        (#"{"model":"m","max_tokens":1.5}"#, .wrongType(field: "max_tokens", expected: "an integer")),
        (#"{"model":"m","max_tokens":1e30}"#, .wrongType(field: "max_tokens", expected: "an integer")),
        (#"{"model":"m","max_tokens":-1}"#, .outOfRange("max_tokens")),
        (
            #"{"model":"m","max_tokens":1,"stream":"true"}"#,
            .wrongType(field: "stream", expected: "a boolean")
        ),
        (#"{"model":"m","max_tokens":1,"max_t\u006fkens":9}"#, .duplicateKey("max_tokens")),
        (
            #"{"model":"m","max_tokens":1,"stream_options":1}"#,
            .wrongType(field: "stream_options", expected: "an object")
        ),
    ]

    @Test("refuses what the provider would refuse or could read in another way", arguments: refused)
    func refuses(_ text: String, _ error: RequestError) {
        #expect(throws: error) { try CallRequest(Array(text.utf8), route: Self.messages) }
        #expect(!error.message.isEmpty)
    }

    @Test(
        "asks for no body where models are listed or answers read again",
        arguments: [
            "/v1/models", "/v1/models/m", "/v1beta/models", "/v1/responses/r",
            "/v1/messages/batches/b/results",
        ])
    func modelList(_ path: String) throws {
        let request = try CallRequest([], route: APIRoute(method: "GET", path: path))
        #expect(request.model == nil)
        #expect(request.bodyBytes == 0)
    }

    @Test("knows only the size of an upload on an unknown path")
    func upload() throws {
        let route = APIRoute(method: "POST", path: "/v1/audio/transcriptions")
        let request = try CallRequest(Array("--boundary\r\n".utf8), route: route)
        #expect(request.model == nil)
        #expect(request.bodyBytes == 12)
    }
}
