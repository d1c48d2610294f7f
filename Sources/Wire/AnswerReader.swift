import JSON
import LedgerCore

/// Reads usage from the JSON texts of one answer: its body, or the events of its stream.
struct AnswerReader {
    /// Which provider's words an answer uses.
    enum Dialect { case anthropic, chat, responses, gemini }

    private(set) var reading = UsageReading()
    /// Whether the stream's own last event has come; usage may come later than ``UsageReading/sawTerminal``
    /// says.
    private(set) var sawLastEvent = false
    private let declared: Dialect?
    private let isStreamed: Bool
    private let parser: JSONParser
    private var anthropic = AnthropicUsage()
    private var openAI = OpenAIUsage()
    private var gemini = GeminiUsage()
    private var found: Dialect?
    private var isTextBroken = false

    init(api: APIKind, streamed: Bool, parser: JSONParser) {
        declared =
            switch api {
            case .messages, .messageBatches: .anthropic
            case .chatCompletions, .embeddings: .chat
            case .responses: .responses
            case .geminiGenerate, .geminiStreamGenerate, .geminiEmbed: .gemini
            case .countTokens, .models, .other: nil
            }
        isStreamed = streamed
        self.parser = parser
    }

    /// Takes one block of a stream; texts that cannot matter are not parsed.
    mutating func take(_ event: SSEEvent) {
        guard !event.isOversized else {
            reading.skippedEvents += 1
            return
        }
        guard event.hasData else { return }
        reading.events += 1
        if ByteSearch.equal(event.name, "message_stop") || ByteSearch.equal(event.data, "[DONE]") {
            reading.sawTerminal = true
            sawLastEvent = true
            return
        }
        guard reading.events == 1 || EventFilter.canMatter(event, dialect: declared) else { return }
        take(text: event.data)
    }

    /// Takes one JSON text; returns whether it is one.
    @discardableResult
    mutating func take(text: UnsafeRawBufferPointer) -> Bool {
        guard let document = try? parser.parse(text) else {
            isTextBroken = true
            return false
        }
        if document.root.kind == .array {
            for element in document.root.array { take(element) }
        } else {
            take(document.root)
        }
        return true
    }

    /// Takes a usage object found in a body that cannot be parsed whole.
    mutating func take(salvaged usage: JSONValue) {
        merge(usage, declared ?? Self.dialect(of: usage))
        reading.sawTerminal = true
    }

    /// Returns the buckets and where they come from.
    mutating func finish() -> UsageReading {
        switch found {
        case .anthropic where anthropic.isPresent:
            (reading.usage, reading.parts) = anthropic.result()
            reading.serviceTier = anthropic.serviceTier ?? reading.serviceTier
            reading.speed = anthropic.speed
            reading.inferenceGeo = anthropic.inferenceGeo
            reading.webFetches = anthropic.webFetches
            reading.isInconsistent = anthropic.count.isInconsistent
        case .chat where openAI.isPresent, .responses where openAI.isPresent:
            reading.usage = openAI.result()
            reading.providerTotal = openAI.total
            reading.isInconsistent = openAI.count.isInconsistent
        case .gemini where gemini.isPresent:
            reading.usage = gemini.result()
            reading.providerTotal = gemini.total
            reading.isInconsistent = gemini.count.isInconsistent
        default: break
        }
        // A text that could matter and is no JSON may have held a usage.
        if isTextBroken, isStreamed { reading.isInconsistent = true }
        if reading.usage != nil { reading.source = reading.sawTerminal ? .providerFinal : .providerPartial }
        return reading
    }

    private mutating func take(_ root: JSONValue) {
        guard root.kind == .object else { return }
        takeError(root)
        switch declared ?? Self.dialect(of: root) {
        case .anthropic: takeAnthropic(root)
        case .chat: takeChat(root)
        case .responses: takeResponses(root)
        case .gemini: takeGemini(root)
        case nil: break
        }
    }

    private mutating func takeError(_ root: JSONValue) {
        // Responses has an error inside the response; an event of type `error` may have its fields at the
        // top.
        let isErrorEvent = root["type"]?.isString("error") ?? false
        guard let error = root["error"] ?? (isErrorEvent ? root : nil) ?? root["response"]?["error"],
            !error.isNull
        else { return }
        let type = isErrorEvent && root["error"] == nil ? nil : error["type"]?.string
        reading.errorType =
            type ?? error["code"]?.string ?? error["status"]?.string ?? error.string ?? "error"
        reading.isErrorMidStream = isStreamed
    }

    private mutating func takeAnthropic(_ root: JSONValue) {
        let message = root["message"] ?? root
        if message["type"]?.isString("message") ?? false {
            reading.responseID = message["id"]?.string ?? reading.responseID
            reading.responseModel = message["model"]?.string ?? reading.responseModel
        }
        if let reason = (root["delta"] ?? message)["stop_reason"]?.string {
            reading.status = reason
            reading.sawTerminal = true
        }
        if root["type"]?.isString("message_stop") ?? false { reading.sawTerminal = true }
        guard let usage = root["usage"] ?? message["usage"] else { return }
        if !isStreamed { reading.sawTerminal = true }
        merge(usage, .anthropic)
    }

    private mutating func takeChat(_ root: JSONValue) {
        takeNames(root)
        var isEnd = true
        if let choices = root["choices"], choices.kind == .array {
            for choice in choices.array {
                let reason = choice["finish_reason"]?.string
                reading.status = reason ?? reading.status
                isEnd = isEnd && reason != nil
            }
        }
        guard let usage = root["usage"] ?? root["choices"]?.array.first(where: { _ in true })?["usage"],
            !usage.isNull
        else { return }
        // The chunk with the whole usage has no choices, or ends them; usage on other chunks is a running
        // figure.
        if isEnd || !isStreamed { reading.sawTerminal = true }
        merge(usage, .chat)
    }

    private mutating func takeResponses(_ root: JSONValue) {
        let response = root["response"] ?? root
        guard response.kind == .object else { return }
        takeNames(response)
        reading.status = response["status"]?.string ?? reading.status
        if ["completed", "incomplete", "failed", "cancelled"].contains(reading.status) {
            reading.sawTerminal = true
            sawLastEvent = true
        }
        if let output = response["output"] {
            var searches: Int64 = 0
            for item in output.array where item["type"]?.isString("web_search_call") ?? false {
                searches += 1
            }
            openAI.webSearches = max(searches, openAI.webSearches)
        }
        guard let usage = response["usage"], !usage.isNull else { return }
        if response["status"] == nil { reading.sawTerminal = true }
        merge(usage, .responses)
    }

    private mutating func takeGemini(_ root: JSONValue) {
        reading.responseID = root["responseId"]?.string ?? reading.responseID
        reading.responseModel = root["modelVersion"]?.string ?? reading.responseModel
        if let candidates = root["candidates"] {
            for candidate in candidates.array {
                guard let reason = candidate["finishReason"]?.string else { continue }
                reading.status = reason
                reading.sawTerminal = true
            }
        }
        guard let usage = root["usageMetadata"] else { return }
        if !isStreamed { reading.sawTerminal = true }
        reading.serviceTier = usage["trafficType"]?.string ?? reading.serviceTier
        merge(usage, .gemini)
    }

    private mutating func takeNames(_ root: JSONValue) {
        reading.responseID = root["id"]?.string ?? reading.responseID
        reading.responseModel = root["model"]?.string ?? reading.responseModel
        reading.serviceTier = root["service_tier"]?.string ?? reading.serviceTier
    }

    private mutating func merge(_ usage: JSONValue, _ dialect: Dialect?) {
        found = dialect ?? found
        switch dialect {
        case .anthropic: anthropic.merge(usage)
        case .chat, .responses: openAI.merge(usage)
        case .gemini: gemini.merge(usage)
        case nil: break
        }
    }

    /// Tells the dialect of an answer on an unknown path by its words.
    private static func dialect(of root: JSONValue) -> Dialect? {
        if root["usageMetadata"] != nil || root["promptTokenCount"] != nil { return .gemini }
        if root["response"]?.kind == .object || root["object"]?.isString("response") ?? false {
            return .responses
        }
        if root["message"]?["usage"] != nil { return .anthropic }
        let usage = root["usage"] ?? root
        if usage["prompt_tokens"] != nil { return .chat }
        if usage["total_tokens"] != nil || usage["input_tokens_details"] != nil { return .responses }
        if usage["input_tokens"] != nil || usage["output_tokens"] != nil { return .anthropic }
        return root["choices"] == nil ? nil : .chat
    }
}
