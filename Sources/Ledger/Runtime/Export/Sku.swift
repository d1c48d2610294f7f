internal import JSON
import LedgerCore

/// What a charge buys, in the words of the FinOps specification: the names of its meter, price and service.
struct Sku {
    private let key: ChargeKey
    private let origin: String

    init(_ key: ChargeKey, origin: String) {
        self.key = key
        self.origin = origin
    }

    private var isCompute: Bool { key.rollup.kind == .compute }

    /// Who provides, publishes and invoices: for containers the ledger's own platform.
    var provider: String {
        switch key.rollup.provider {
        case "anthropic": "Anthropic"
        case "openai": "OpenAI"
        case "gemini": "Google"
        case "": "Unknown"
        default: isCompute ? origin : key.rollup.provider
        }
    }

    var service: String { isCompute ? "Containers" : "\(provider) API" }
    var category: String { isCompute ? "Compute" : "AI and Machine Learning" }
    var subcategory: String { isCompute ? "Containers" : "Generative AI" }
    var resourceType: String { isCompute ? "Container" : "Model" }

    /// The model or container; nil where none is known.
    var resource: String? { key.model.isEmpty ? nil : "\(key.rollup.provider)/\(key.model)" }

    /// The kind of use, as the journal names it.
    var bucket: String {
        switch key.use {
        case .bucket(let bucket): bucket.rawValue
        case .processorTime: "cpuMs"
        case .memory: "memoryMibS"
        case .whole: "total"
        }
    }

    var unit: String {
        switch key.use {
        case .bucket(.webSearch): "Searches"
        case .bucket: "Tokens"
        case .processorTime: "Milliseconds"
        case .memory: "MiB-Seconds"
        case .whole: "Requests"
        }
    }

    var meter: String {
        switch key.use {
        case .bucket(let bucket): Self.meters[bucket] ?? bucket.rawValue
        case .processorTime: "Processor Time"
        case .memory: "Memory"
        case .whole: "Requests"
        }
    }

    var id: String { "\(resource ?? key.rollup.provider + "/")/\(bucket)" }

    /// The sku with what its price depends on: the tier, and what the answer said.
    var priceID: String {
        var id = id
        if let tier = key.tierAbove { id += "/above-\(tier)" }
        for modifier in key.modifiers { id += "/\(modifier.rawValue)" }
        return id
    }

    /// What the price depends on, as JSON; nil where it is a whole, which has no price of its own.
    var details: String? {
        guard key.use != .whole else { return nil }
        let json = JSONText.object { json in
            json.member("UsageBucket", bucket)
            if let tier = key.tierAbove { json.member("InputTokensAbove", tier) }
            for modifier in key.modifiers {
                let name = modifier.rawValue
                json.member(name.prefix(1).uppercased() + name.dropFirst(), true)
            }
        }
        return String(decoding: json, as: UTF8.self)
    }

    var description: String {
        let model = key.model.isEmpty ? "unknown model" : key.model
        let what = key.correctedIn == nil ? model : "Correction of \(model)"
        return switch key.state {
        case .priced: "\(what): \(meter)"
        case .estimated: "\(what): \(meter); estimated: its use or its price is not known in full"
        case .unpriced: "\(what): \(meter); no price is known: the cost is not 0 but unknown, see x_HeldCost"
        }
    }

    private static let meters: [UsageBucket: String] = [
        .input: "Input Tokens", .cacheRead: "Cache Read Tokens",
        .cacheWrite5m: "Cache Write Tokens (5 Minutes)",
        .cacheWrite1h: "Cache Write Tokens (1 Hour)", .inputAudio: "Audio Input Tokens",
        .inputImage: "Image Input Tokens", .output: "Output Tokens", .outputAudio: "Audio Output Tokens",
        .outputImage: "Image Output Tokens", .webSearch: "Web Searches",
    ]
}
