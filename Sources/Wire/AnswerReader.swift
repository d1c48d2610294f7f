import JSON
import LedgerCore

/// Reads usage from the JSON texts of one answer: its body, or the events of its stream.
struct AnswerReader {
    private(set) var reading = UsageReading()
    /// Whether the stream's own last event has come; usage may come later than ``UsageReading/sawTerminal``
    /// says.
    private(set) var sawLastEvent = false
    private let declared: Dialect?
    private let isStreamed: Bool
    /// Whether the answer was made and billed by an earlier call: its figures are not this call's.
    private let isRetrieved: Bool
    /// Whether the answer has no output to tell of.
    private let isEmbedded: Bool
    private let parser: JSONParser
    private var anthropic = AnthropicUsage()
    private var openAI = OpenAIUsage()
    private var gemini = GeminiUsage()
    private var converse = ConverseUsage()
    private var batch = BatchResults()
    private var tools = ToolNames()
    private var found: Dialect?
    private var isTextBroken = false
    /// Whether a choice of a chat has come to its end: figures after it are the last ones.
    private var sawFinish = false

    init(api: APIKind, streamed: Bool, parser: JSONParser) {
        declared = Dialect(of: api)
        isStreamed = streamed
        isRetrieved = api == .retrieval
        isEmbedded = api == .embeddings || api == .geminiEmbed
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
            // Bedrock puts figures of its own into the last event.
            guard ByteSearch.contains("\"amazon-bedrock-invocationMetrics\"", in: event.data) else { return }
        }
        if !sawFinish, declared == .chat || declared == nil { sawFinish = EventFilter.hasFinish(event.data) }
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

    /// Takes one line of a batch's results, or of the error in their place.
    mutating func take(line: UnsafeRawBufferPointer) {
        guard let document = try? parser.parse(line) else {
            isTextBroken = true
            return
        }
        reading.sawTerminal = true
        if !batch.take(document.root) { take(document.root) }
    }

    /// Notes that the lines from here on are too long to be read.
    mutating func skipLines() {
        reading.skippedEvents += 1
        isTextBroken = true
    }

    /// Takes a usage object found in a body that cannot be parsed whole.
    mutating func take(salvaged usage: JSONValue) {
        reading.sawTerminal = true
        merge(usage, declared ?? Self.dialect(of: usage))
    }

    /// Returns the buckets and where they come from.
    mutating func finish() -> UsageReading {
        reading.toolsUsed = tools.names
        reading.hasUnpricedTools = tools.hasUnpriced
        switch found {
        case _ where batch.isPresent:
            (reading.usage, reading.parts) = batch.result()
            reading.serviceTier = batch.serviceTier
            reading.isInconsistent = batch.count.isInconsistent || isTextBroken
        case .anthropic where anthropic.isPresent:
            (reading.usage, reading.parts) = anthropic.result()
            reading.serviceTier = anthropic.serviceTier ?? reading.serviceTier
            reading.speed = anthropic.speed
            reading.inferenceGeo = anthropic.inferenceGeo
            reading.webFetches = anthropic.webFetches
            note(anthropic.count, anthropic.told)
        case .chat where openAI.isPresent, .responses where openAI.isPresent:
            reading.usage = openAI.result()
            reading.providerTotal = openAI.total
            var told = openAI.told
            // Embeddings on a path that is not known.
            if declared == nil, openAI.isInputByTotal { told.hasOutput = true }
            note(openAI.count, told)
        case .gemini where gemini.isPresent:
            reading.usage = gemini.result(of: reading.responseModel)
            reading.providerTotal = gemini.total
            note(gemini.count, gemini.told)
        case .converse where converse.isPresent:
            (reading.usage, reading.providerTotal) = converse.result()
            note(converse.count, converse.told)
        default: break
        }
        // A text that could matter and is no JSON may have held a usage.
        if isTextBroken, isStreamed { reading.isInconsistent = true }
        // Of figures none of which can be read nothing is known, which is not the same as nothing used.
        if reading.isInconsistent || reading.isIncomplete, reading.usage == Usage() {
            (reading.usage, reading.parts) = (nil, [])
            reading.isIncomplete = false
        }
        if reading.usage != nil { reading.source = reading.sawTerminal ? .providerFinal : .providerPartial }
        return reading
    }

    /// Notes what is wrong with the figures and what they leave out.
    ///
    /// Of a stream that broke off the bytes that came bound the output, and nothing bounds the input: it is
    /// told, and never 0. A body that comes whole has no such bound.
    private mutating func note(_ count: WireCount, _ told: UsageStatement) {
        reading.isInconsistent = count.isInconsistent
        let isInputKnown = told.hasInput && !told.hasInputFallen && !count.hasUnreadable
        let isOutputKnown = told.hasOutput || isEmbedded
        if reading.sawTerminal {
            let isBounded = isStreamed || !told.hasOutputFallen
            reading.isIncomplete = !isInputKnown || !isOutputKnown || !isBounded
        } else {
            reading.isIncomplete = !isInputKnown || !isStreamed || reading.usage?.inputTokens == 0
        }
    }

    private mutating func take(_ root: JSONValue) {
        guard root.kind == .object else { return }
        takeError(root)
        switch declared ?? Self.dialect(of: root) {
        case .anthropic: takeAnthropic(root)
        case .chat: takeChat(root)
        case .responses: takeResponses(root)
        case .gemini: takeGemini(root)
        case .converse: takeConverse(root)
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
        let isStart = isStreamed && root["message"] != nil
        tools.take(anthropic: root)
        if message["type"]?.isString("message_batch") ?? false {
            reading.responseID = message["id"]?.string ?? reading.responseID
        }
        if message["type"]?.isString("message") ?? false {
            reading.responseID = message["id"]?.string ?? reading.responseID
            reading.responseModel = message["model"]?.string ?? reading.responseModel
        }
        if let reason = (root["delta"] ?? message)["stop_reason"]?.string {
            reading.status = reason
            if !isStart {
                reading.sawTerminal = true
                anthropic.expectOutput()
            }
        }
        if root["type"]?.isString("message_stop") ?? false { reading.sawTerminal = true }
        if let metrics = root["amazon-bedrock-invocationMetrics"] {
            found = .anthropic
            anthropic.merge(metrics: metrics)
        }
        guard let usage = root["usage"] ?? message["usage"] else { return }
        if !isStreamed { reading.sawTerminal = true }
        merge(usage, .anthropic, isLast: !isStart)
    }

    private mutating func takeChat(_ root: JSONValue) {
        takeNames(root)
        tools.take(chat: root)
        var isEnd = true
        if let choices = root["choices"], choices.kind == .array {
            for choice in choices.array {
                openAI.noteCitations(of: choice)
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
        merge(usage, .chat, isLast: isEnd || sawFinish || !isStreamed)
    }

    private mutating func takeResponses(_ root: JSONValue) {
        let response = root["response"] ?? root
        guard response.kind == .object else { return }
        takeNames(response)
        tools.take(responses: root)
        reading.status = response["status"]?.string ?? reading.status
        if ["completed", "incomplete", "failed", "cancelled"].contains(reading.status) {
            reading.sawTerminal = true
            sawLastEvent = true
        }
        openAI.countSearches(of: response)
        guard let usage = response["usage"], !usage.isNull else { return }
        if response["status"] == nil { reading.sawTerminal = true }
        merge(usage, .responses)
    }

    private mutating func takeGemini(_ root: JSONValue) {
        reading.responseID = root["responseId"]?.string ?? reading.responseID
        reading.responseModel = root["modelVersion"]?.string ?? reading.responseModel
        tools.take(gemini: root)
        if let candidates = root["candidates"] {
            for candidate in candidates.array {
                gemini.noteSearches(of: candidate)
                guard let reason = candidate["finishReason"]?.string else { continue }
                reading.status = reason
                reading.sawTerminal = true
            }
        }
        guard let usage = root["usageMetadata"] else { return }
        if !isStreamed { reading.sawTerminal = true }
        let tier = usage["trafficType"] ?? usage["serviceTier"]
        reading.serviceTier = tier?.string.map(GeminiUsage.tier) ?? reading.serviceTier
        merge(usage, .gemini)
    }

    private mutating func takeConverse(_ root: JSONValue) {
        tools.take(converse: root)
        reading.status = (root["messageStop"] ?? root)["stopReason"]?.string ?? reading.status
        let metadata = root["metadata"] ?? root
        reading.serviceTier = metadata["serviceTier"]?["type"]?.string ?? reading.serviceTier
        guard let usage = metadata["usage"] else { return }
        // A stream's figures come in its last event.
        reading.sawTerminal = true
        merge(usage, .converse)
    }

    private mutating func takeNames(_ root: JSONValue) {
        reading.responseID = root["id"]?.string ?? reading.responseID
        reading.responseModel = root["model"]?.string ?? reading.responseModel
        reading.serviceTier = root["service_tier"]?.string ?? reading.serviceTier
    }

    /// Takes a usage; `isLast`: it is from the answer's end, nil: when that has come.
    private mutating func merge(_ usage: JSONValue, _ dialect: Dialect?, isLast: Bool? = nil) {
        guard !isRetrieved else { return }
        let isLast = isLast ?? reading.sawTerminal
        found = dialect ?? found
        switch dialect {
        case .anthropic: anthropic.merge(usage, isLast: isLast)
        case .chat, .responses: openAI.merge(usage, isLast: isLast)
        case .gemini: gemini.merge(usage, isLast: isLast)
        case .converse: converse.merge(usage)
        case nil: break
        }
    }
}
