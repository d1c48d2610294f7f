import JSON

/// What an embeddings request wants: how many vectors, how long, written how.
struct EmbeddingRequest {
    private static let inputsMax = 2048
    private static let dimensionsMax: Int64 = 4096

    /// A number for each input, from which its vector follows.
    private(set) var seeds: [UInt64] = []
    private(set) var tokens: Int64 = 0
    private(set) var dimensions = 1536
    private(set) var isBase64 = false

    /// Wants nothing.
    init() {}

    /// Reads a request.
    init(_ request: JSONValue) throws(ProviderRefusal) {
        if request["model"]?.isString("text-embedding-3-large") ?? false { dimensions = 3072 }
        if let value = request["dimensions"], !value.isNull {
            guard let count = value.int64, (1...Self.dimensionsMax).contains(count) else {
                throw .badRequest("dimensions: must be from 1 to \(Self.dimensionsMax)")
            }
            dimensions = Int(count)
        }
        if let format = request["encoding_format"], !format.isNull {
            guard format.isString("base64") || format.isString("float") else {
                throw .badRequest("encoding_format: must be `float` or `base64`")
            }
            isBase64 = format.isString("base64")
        }
        guard let input = request["input"] else { throw .badRequest("input: Field required") }
        try read(input)
    }

    private mutating func read(_ input: JSONValue) throws(ProviderRefusal) {
        guard input.kind == .array else { return try add(input) }
        let isOneText = input.array.first { _ in true }?.kind == .number
        if isOneText { return try add(input) }
        for element in input.array { try add(element) }
        guard !seeds.isEmpty else { throw .badRequest("input: must not be empty") }
    }

    /// Takes one text, as a string or as tokens.
    private mutating func add(_ value: JSONValue) throws(ProviderRefusal) {
        guard seeds.count < Self.inputsMax else {
            throw .badRequest("input: at most \(Self.inputsMax) texts")
        }
        var seed: UInt64 = 0xcbf2_9ce4_8422_2325
        if let text = value.string {
            for byte in text.utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01b3 }
            tokens += max(1, Int64(text.utf8.count + 3) / 4)
        } else if value.kind == .array {
            for element in value.array {
                guard let token = element.int64 else { throw .badRequest("input: a token is an integer") }
                seed = (seed ^ UInt64(bitPattern: token)) &* 0x100_0000_01b3
                tokens += 1
            }
        } else {
            throw .badRequest("input: must be text or tokens")
        }
        seeds.append(seed)
    }
}
