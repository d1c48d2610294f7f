package import JSON

/// What a model call asks for, as far as money depends on it.
package struct CallRequest: Hashable, Sendable {
    /// The model; nil where the API lets it be left out.
    package var model: String?
    /// Whether the answer is asked for as a stream.
    package var isStreamed = false
    /// The limit on output tokens that the request states, for each answer.
    package var maxOutputTokens: Int64?
    /// How many answers to each prompt are asked for: each has its own output.
    package var answers: Int64 = 1
    /// How many prompts there are: each is read and answered by itself.
    package var prompts: Int64 = 1
    /// The service tier asked for; the one billed is in the response.
    package var serviceTier: String?
    /// The speed asked for (`fast`).
    package var speed: String?
    /// The region asked for.
    package var inferenceGeo: String?
    /// Whether the caller itself asked for the usage chunk of a chat stream.
    package var isUsageAsked = false
    /// Whether the answer is made in the background and polled for (Responses).
    package var isBackground = false
    /// How many tools are offered.
    package var tools = 0
    /// Whether provider-run web search is offered.
    package var hasWebSearch = false
    /// The most web searches that the request allows; nil when it offers search without a limit.
    package var webSearchesMax: Int64? = 0
    /// How many images, documents, audio and video parts there are at most: bytes do not bound their tokens.
    package var mediaParts = 0
    /// Those of ``mediaParts`` that are images, where the provider reads them as images.
    package var images = RequestImages()
    /// Other models that may do part of the work: advisors, fallbacks.
    package var otherModels: Set<String> = []
    /// Whether the provider runs tools itself, and reads their results.
    package var hasProviderTools = false
    /// Whether one of them has a fee that no price covers.
    package var hasUnpricedTools = false
    /// Whether the conversation may be compacted first, which is an answer of its own.
    package var mayCompact = false
    /// Whether the request refers to input that is not in it: a file, a cached or stored conversation.
    package var hasUnseenInput = false
    /// Whether the prompt may be written to a cache at the request's wish.
    package var asksForCache = false
    /// Whether a cache that lives an hour is asked for.
    package var asksForHourCache = false
    /// Whether an answer in sound may be asked for.
    package var mayAskForSound = false
    /// Size of the body: a bound of its text tokens, as a token has at least one byte.
    package var bodyBytes = 0

    /// Reads a request.
    ///
    /// A body on an unknown route need not be JSON (uploads are not); then only its size is known.
    ///
    /// - Throws: a ``RequestError`` for a body that the provider would refuse or could read in another way.
    package init(
        _ bytes: [UInt8], route: APIRoute, parser: JSONParser = JSONParser()
    ) throws(RequestError) {
        self.model = route.model
        bodyBytes = bytes.count
        isStreamed = route.isStreamedByPath
        guard let document = try Self.document(bytes, route: route, parser: parser) else { return }
        let root = document.root
        guard root.kind == .object else {
            guard Self.mayBeAnything(route) else { throw .notAnObject }
            return
        }
        try Self.refuseDuplicates(in: root)
        mediaParts = document.count(ofStrings: Self.mediaWords)
        // A tool's description has no media, whatever words it has.
        if mediaParts > 0, let tools = root["tools"], let own = try? JSONDocument.parse(tools.source) {
            mediaParts -= own.count(ofStrings: Self.mediaWords)
        }
        noteWords(of: document)
        if route.kind == .messageBatches {
            try readBatch(root)
        } else {
            try read(root, kind: route.kind)
        }
    }

    /// What parts that are no text are called.
    private static let mediaWords: StaticString = """
        image image_url input_image document file input_file input_audio audio video video_url \
        inlineData inline_data fileData file_data
        """

    /// Notes what some words, wherever they stand, can bring about.
    private mutating func noteWords(of document: JSONDocument) {
        asksForCache = document.count(ofStrings: "cache_control") > 0
        asksForHourCache = asksForCache && document.count(ofStrings: "1h") > 0
        mayAskForSound =
            document.count(ofStrings: "modalities responseModalities response_modalities audio") > 0
    }

    private mutating func read(_ root: JSONValue, kind: APIKind) throws(RequestError) {
        let fields = RequestFields(root)
        if let model = try fields.string("model") { self.model = model }
        let needsModel: [APIKind] = [.messages, .countTokens, .chatCompletions, .embeddings]
        if needsModel.contains(kind), model == nil { throw .missing("model") }
        isStreamed = try fields.bool("stream") ?? isStreamed
        isBackground = try fields.bool("background") ?? false
        // Bedrock's tier is an object.
        serviceTier = try kind == .other ? root["serviceTier"]?["type"]?.string : fields.string("serviceTier")
        if let tier = try fields.string("service_tier") { serviceTier = tier }
        speed = try fields.string("speed")
        inferenceGeo = try fields.string("inference_geo")
        // The larger of two limits that should be one: a bound has to hold for either reading.
        maxOutputTokens = try fields.largest("max_tokens", "max_completion_tokens", "max_output_tokens")
        answers = max(try fields.count("n") ?? 1, try fields.count("best_of") ?? 1, 1)
        prompts = Self.prompts(root, kind: kind)
        if kind == .messages, maxOutputTokens == nil { throw .missing("max_tokens") }
        if let options = root["stream_options"], !options.isNull {
            guard options.kind == .object else {
                throw .wrongType(field: "stream_options", expected: "an object")
            }
            try Self.refuseDuplicates(in: options)
            isUsageAsked = try RequestFields(options).bool("include_usage") ?? false
        }
        for key in ["generationConfig", "generation_config", "inferenceConfig"] {
            guard let config = root[key], !config.isNull else { continue }
            guard config.kind == .object else { throw .wrongType(field: key, expected: "an object") }
            try Self.refuseDuplicates(in: config)
            let fields = RequestFields(config)
            let limit = try fields.largest("maxOutputTokens", "max_output_tokens", "maxTokens")
            if let limit { maxOutputTokens = max(limit, maxOutputTokens ?? 0) }
            answers = max(try fields.largest("candidateCount", "candidate_count") ?? 1, answers)
        }
        readTools(root, kind: kind)
        images = RequestImages(root, kind: kind)
        hasUnseenInput = images.hasReferences
        for key in ["previous_response_id", "conversation", "prompt", "cachedContent", "cached_content"] {
            guard let reference = root[key], !reference.isNull else { continue }
            // A completion's prompt is text of its own; a stored one is named by an object.
            if key != "prompt" || reference.kind == .object { hasUnseenInput = true }
        }
    }

    /// Counts the prompts of a request; a list of numbers is one, in tokens.
    private static func prompts(_ root: JSONValue, kind: APIKind) -> Int64 {
        var lists = [root["prompt"]]
        if kind == .embeddings { lists.append(root["input"]) }
        if kind == .geminiEmbed { lists.append(root["requests"]) }
        var prompts: Int64 = 1
        for case let list? in lists {
            var count: Int64 = 0
            var hasTokens = false
            for element in list.array {
                if element.kind == .number { hasTokens = true } else { count += 1 }
            }
            prompts = max(prompts, hasTokens ? count + 1 : count)
        }
        return prompts
    }

    private mutating func readBatch(_ root: JSONValue) throws(RequestError) {
        guard let requests = root["requests"] else { throw .missing("requests") }
        guard requests.kind == .array else { throw .wrongType(field: "requests", expected: "an array") }
        var models: Set<String> = []
        answers = 0
        serviceTier = "batch"
        for request in requests.array {
            guard let params = request["params"], params.kind == .object else {
                throw .missing("requests.params")
            }
            try Self.refuseDuplicates(in: params)
            guard let model = try RequestFields(params).string("model") else {
                throw .missing("requests.params.model")
            }
            models.insert(model)
            answers += 1
            let limit = try RequestFields(params).count("max_tokens")
            guard let limit else { throw .missing("requests.params.max_tokens") }
            maxOutputTokens = max(maxOutputTokens ?? 0, limit)
            speed = try RequestFields(params).string("speed") ?? speed
            // One that runs elsewhere is enough for the price of elsewhere.
            let place = try RequestFields(params).string("inference_geo")
            inferenceGeo = answers == 1 || inferenceGeo == place ? place : nil
            readTools(params, kind: .messages)
            images.add(RequestImages(params, kind: .messages))
            hasUnseenInput = images.hasReferences
        }
        // More than one model: none of them prices the batch.
        model = models.count == 1 ? models.first : nil
    }

    private static func document(
        _ bytes: [UInt8], route: APIRoute, parser: JSONParser
    ) throws(RequestError) -> JSONDocument? {
        do throws(JSONError) {
            return try parser.parse(bytes)
        } catch {
            guard mayBeAnything(route) else { throw .notJSON(error) }
            return nil
        }
    }

    /// Whether the body need not be a JSON object: it is empty where models are listed, and an upload
    /// elsewhere.
    private static func mayBeAnything(_ route: APIRoute) -> Bool {
        [.models, .retrieval, .batchResults, .other].contains(route.kind)
    }

    private static func refuseDuplicates(in object: JSONValue) throws(RequestError) {
        var seen: Set<String> = []
        for (key, _) in object.object where !seen.insert(key).inserted { throw .duplicateKey(key) }
    }
}

/// Typed fields of one object of a request; `null` counts as absent.
private struct RequestFields {
    private let object: JSONValue

    init(_ object: JSONValue) { self.object = object }

    func string(_ key: String) throws(RequestError) -> String? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let string = value.string else { throw .wrongType(field: key, expected: "a string") }
        return string
    }

    func bool(_ key: String) throws(RequestError) -> Bool? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let bool = value.bool else { throw .wrongType(field: key, expected: "a boolean") }
        return bool
    }

    func count(_ key: String) throws(RequestError) -> Int64? {
        guard let value = object[key], !value.isNull else { return nil }
        guard let count = value.int64 else { throw .wrongType(field: key, expected: "an integer") }
        guard count >= 0 else { throw .outOfRange(key) }
        return count
    }

    func largest(_ keys: String...) throws(RequestError) -> Int64? {
        var largest: Int64?
        for key in keys {
            guard let count = try count(key) else { continue }
            largest = max(largest ?? 0, count)
        }
        return largest
    }
}
