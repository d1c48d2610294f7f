import Foundation

/// One exchange of `Tests/Golden/wire`: what was asked, what came, and what is to be read and charged.
///
/// The format is told in that folder's README.
package struct WireExchange: Sendable, CustomStringConvertible {
    /// The response's file, which names the exchange.
    package let file: String
    /// The response, byte for byte.
    package let response: [UInt8]
    /// What a client that did not ask for the usage chunk sees; nil: every byte.
    package let clientBytes: [UInt8]?
    /// The request's body.
    package let requestBody: [UInt8]
    /// What the file beside the response says.
    package let expected: Expectation

    /// The name that tests show.
    package var description: String { file }

    /// Whether the response is a stream of events.
    package var isStream: Bool { file.hasSuffix(".sse") }

    /// What is expected of an exchange.
    package struct Expectation: Decodable, Sendable {
        /// The rule, in one sentence.
        package let shows: String
        /// Whose API, and which.
        package let section: String
        /// When the call was made.
        package let at: String
        /// Whose API the price book files it under.
        package let provider: String?
        /// What was asked, but for its body.
        package let request: Request?
        /// How the answer came.
        package let answer: Answer?
        /// What is read from a call's answer.
        package let reading: Reading?
        /// What is read from an agent's records.
        package let run: Run?
        /// What is charged.
        package let settled: Settled
        /// Whether a path that is not known reads the same.
        package let readsOnUnknownPath: Bool?
    }

    /// The request's first line.
    package struct Request: Decodable, Sendable {
        /// The method.
        package let method: String
        /// The path.
        package let path: String
    }

    /// How an answer came.
    package struct Answer: Decodable, Sendable {
        /// The HTTP status.
        package let status: Int
        /// The media type.
        package let contentType: String
        /// Whether the connection ended in good order.
        package let complete: Bool
    }

    /// What is read; absent members are absent in the answer.
    package struct Reading: Decodable, Hashable, Sendable {
        /// Buckets that are not 0; nil: no usage.
        package var usage: [String: Int64]?
        /// How far it can be trusted.
        package var source: String
        /// The usage by model.
        package var parts: [Part]?
        /// The model that answered.
        package var model: String?
        /// The provider's id of the answer.
        package var responseId: String?
        /// The tier that was billed.
        package var serviceTier: String?
        /// The speed that was billed.
        package var speed: String?
        /// Where inference ran.
        package var inferenceGeo: String?
        /// Why or how it ended.
        package var status: String?
        /// Pages fetched.
        package var webFetches: Int64?
        /// The provider's own total.
        package var providerTotal: Int64?
        /// The provider's error type.
        package var error: String?
        /// Whether a stream ended in an error.
        package var errorMidStream: Bool?
        /// Whether the figures contradict each other.
        package var inconsistent: Bool?
        /// Whether the figures leave something out.
        package var incomplete: Bool?
        /// Whether a tool was used whose fee is not told.
        package var unpricedTools: Bool?
        /// The tools that the answer calls.
        package var toolsUsed: [String]?

        /// Creates a reading without figures.
        package init(source: String) { self.source = source }
    }

    /// What one model used.
    package struct Part: Decodable, Hashable, Sendable {
        /// The model; nil: the answer's own.
        package let model: String?
        /// Buckets that are not 0.
        package let usage: [String: Int64]

        /// Creates a part.
        package init(model: String?, usage: [String: Int64]) {
            self.model = model
            self.usage = usage
        }
    }

    /// What an agent's records come to.
    package struct Run: Decodable, Hashable, Sendable {
        /// The usage by model.
        package let models: [RunModel]
        /// What the agent says that it cost.
        package let reportedUsd: String?
        /// The kind of failure; nil: none.
        package let failure: String?

        /// Creates a run.
        package init(models: [RunModel], reportedUsd: String?, failure: String?) {
            self.models = models
            self.reportedUsd = reportedUsd
            self.failure = failure
        }
    }

    /// What one model used in a run.
    package struct RunModel: Decodable, Hashable, Sendable {
        /// Whose model.
        package let provider: String
        /// The model.
        package let model: String
        /// Buckets that are not 0.
        package let usage: [String: Int64]

        /// Creates an entry.
        package init(provider: String, model: String, usage: [String: Int64]) {
            self.provider = provider
            self.model = model
            self.usage = usage
        }
    }

    /// What is charged.
    package struct Settled: Decodable, Hashable, Sendable {
        /// How well the cost is known.
        package let costState: String
        /// Dollars, exact; `reserved`: what was reserved; nil: not known.
        package let costUsd: String?

        /// Creates a charge.
        package init(costState: String, costUsd: String?) {
            self.costState = costState
            self.costUsd = costUsd
        }
    }
}

/// The corpus in `Tests/Golden/wire`.
package enum WireCorpus {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Golden/wire")

    /// Every file's name, sorted.
    package static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    /// The bytes of one file.
    package static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    /// Every exchange, sorted by name.
    package static func exchanges() throws -> [WireExchange] {
        let names = try names()
        return try names.filter { $0.hasSuffix(".expect.json") }.map { file in
            let name = file.dropLast(".expect.json".count)
            let responses = names.filter {
                $0.hasPrefix("\(name).") && $0 != file && !$0.hasSuffix(".client.sse")
            }
            guard responses.count == 1, let response = responses.first else { throw Unpaired(file: file) }
            let client = "\(name).client.sse"
            let text = Data(try bytes(file))
            return WireExchange(
                file: response, response: try bytes(response),
                clientBytes: names.contains(client) ? try bytes(client) : nil,
                requestBody: try body(text),
                expected: try JSONDecoder().decode(WireExchange.Expectation.self, from: text))
        }
    }

    private static func body(_ text: Data) throws -> [UInt8] {
        let root = try JSONSerialization.jsonObject(with: text) as? [String: Any]
        let body = (root?["request"] as? [String: Any])?["body"]
        guard let body, !(body is NSNull) else { return [] }
        return Array(try JSONSerialization.data(withJSONObject: body, options: [.sortedKeys]))
    }

    /// An expectation without exactly one response beside it.
    package struct Unpaired: Error {
        /// The expectation's file.
        package let file: String
    }
}
