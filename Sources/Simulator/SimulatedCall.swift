import HTTP
import JSON

/// One call and the whole answer to it, worked out from the request alone: the same request, the same answer.
///
/// Only the identifiers and the time differ.
struct SimulatedCall {
    /// A tool that the answer calls.
    struct Tool {
        let name: String
        let id: String
    }

    let api: SimulatedAPI
    let controls: SimulationControls
    /// The identifier of the answer.
    let id: String
    /// Whose session the caller says it is.
    let sessionID: String?
    let createdSeconds: Int64
    private(set) var model = ""
    private(set) var isStreamed = false
    /// Whether a chat stream ends with its usage.
    private(set) var includesUsage = false
    /// The text by words; of a tool call, the text of its arguments.
    private(set) var pieces: [String] = []
    /// Whether the limit on tokens ended the answer.
    private(set) var isCut = false
    private(set) var tool: Tool?
    private(set) var usage = SimulatedUsage()
    private(set) var embeddings = EmbeddingRequest()

    /// Reads a request.
    init(
        _ api: SimulatedAPI, _ headers: HTTPHeaders, _ controls: SimulationControls, _ request: JSONValue,
        ids: inout IdentifierSource, createdSeconds: Int64
    ) throws(ProviderRefusal) {
        guard request.kind == .object else { throw .badRequest("The request body is not a JSON object.") }
        self.api = api
        self.controls = controls
        self.createdSeconds = createdSeconds
        id = ids.next(api.idPrefix)
        sessionID = headers["x-session-id"]
        guard let asked = request["model"]?.string, !asked.isEmpty else {
            throw .badRequest(
                api.provider == .anthropic ? "model: Field required" : "you must provide a model parameter")
        }
        model = controls.model ?? asked
        isStreamed =
            [.messages, .chatCompletions, .responses].contains(api) && request["stream"]?.bool ?? false
        includesUsage = request["stream_options"]?["include_usage"]?.bool ?? false
        readTier(request)
        usage.cacheRead = controls.cache.read
        usage.cacheWrite5m = controls.cache.write5m
        usage.cacheWrite1h = controls.cache.write1h
        if api == .embeddings {
            embeddings = try EmbeddingRequest(request)
            usage.input = embeddings.tokens
        } else {
            try readPrompt(request, &ids)
        }
    }

    /// Whether the answer says what it used.
    var showsUsage: Bool { controls.fault != .noUsage }

    /// The whole text, or the whole arguments of the tool.
    var text: String { pieces.joined() }

    /// The usage when only this many pieces were sent.
    func usage(afterPieces count: Int) -> SimulatedUsage {
        var usage = usage
        if count < pieces.count { usage.output = usage.output * Int64(count) / Int64(pieces.count) }
        return usage
    }

    /// OpenAI's word for the tier is beside the usage.
    var serviceTier: String? { api == .countTokens || api == .embeddings ? nil : usage.tier }

    private mutating func readTier(_ request: JSONValue) {
        switch api.provider {
        case .anthropic:
            usage.tier = controls.tier ?? "standard"
            if request["speed"]?.isString("fast") ?? false { usage.speed = "fast" }
            usage.inferenceGeo = request["inference_geo"]?.string ?? usage.inferenceGeo
        case .openAI:
            let asked = request["service_tier"]?.string ?? "default"
            // `fast` is served, and named, as `priority`.
            let served = ["auto": "default", "fast": "priority"][asked] ?? asked
            usage.tier = controls.tier ?? served
        }
    }

    private mutating func readPrompt(
        _ request: JSONValue, _ ids: inout IdentifierSource
    ) throws(ProviderRefusal) {
        let key = api == .responses ? "input" : "messages"
        let prompt = request[key]
        guard prompt?.kind == .array || (api == .responses && prompt?.kind == .string) else {
            throw .badRequest("\(key): Field required")
        }
        if api == .messages || api == .chatCompletions, prompt?.array.first(where: { _ in true }) == nil {
            throw .badRequest("messages: at least one message is required")
        }
        if let choices = request["n"]?.int64, choices != 1 {
            throw .badRequest("n: the simulator makes one choice")
        }
        let said = PromptText(request)
        usage.input = said.tokens
        guard api != .countTokens else { return }
        let limit = try limit(request)
        let words = CannedText.words(answering: said.lastSaid)
        let wanted = controls.outputTokens ?? Int64(words.count)
        usage.output = min(wanted, limit ?? wanted)
        isCut = usage.output < wanted
        pieces = CannedText.pieces(words, count: usage.output)
        guard let name = controls.tool else { return }
        let offered = request["tools"]?.array.first { _ in true }
        let first = offered?["name"]?.string ?? offered?["function"]?["name"]?.string
        tool = Tool(
            name: name == "true" ? first ?? "simulated_tool" : name,
            id: ids.next(api == .messages ? "toolu_01" : "call_"))
        pieces = Self.arguments(pieces)
    }

    private func limit(_ request: JSONValue) throws(ProviderRefusal) -> Int64? {
        let keys: [String] =
            switch api {
            case .messages: ["max_tokens"]
            case .responses: ["max_output_tokens"]
            default: ["max_completion_tokens", "max_tokens"]
            }
        for key in keys {
            guard let value = request[key], !value.isNull else { continue }
            guard let limit = value.int64, limit > 0 else {
                throw .badRequest("\(key): must be an integer greater than 0")
            }
            return limit
        }
        if api == .messages { throw .badRequest("max_tokens: Field required") }
        return nil
    }

    /// The same text as the one argument of a tool, still in pieces.
    private static func arguments(_ pieces: [String]) -> [String] {
        guard let last = pieces.indices.last else { return ["{}"] }
        var arguments = pieces.map { piece in
            var text = JSONText()
            text.string(piece)
            return String(decoding: text.bytes.dropFirst().dropLast(), as: UTF8.self)
        }
        arguments[0] = "{\"text\":\"" + arguments[0]
        arguments[last] += "\"}"
        return arguments
    }
}
