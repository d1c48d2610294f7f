import Wire
import EventLoop
import Files
import Foundation
import HTTP
import JSON
import LedgerCore
import Lifecycle
import Proxy
import Testing

@testable import Simulator

/// A simulator that is asked in memory, and its record.
final class SimulatorHarness {
    /// The kinds of calls that have a usage.
    static let billed: [SimulatedAPI] = [.messages, .chatCompletions, .responses, .embeddings]
    /// The kinds of calls that can be streamed.
    static let streamed: [SimulatedAPI] = [.messages, .chatCompletions, .responses]

    let simulator: UpstreamSimulator
    let logPath: String

    init(clock: Clock = .system) throws {
        logPath = NSTemporaryDirectory() + "simulator-\(UUID().uuidString).jsonl"
        simulator = try UpstreamSimulator(loop: EventLoop(), log: logPath, clock: clock)
    }

    deinit { try? FileManager.default.removeItem(atPath: logPath) }

    /// Asks for an answer that comes at once.
    func ask(
        _ api: SimulatedAPI, _ fields: String = "", headers: HTTPHeaders = [:]
    ) throws -> RecordedResponse {
        try ask("POST", api.path, Self.body(api, fields), headers: headers)
    }

    /// Sends any request, with a key.
    func ask(
        _ method: String, _ path: String, _ body: String = "", headers: HTTPHeaders = [:]
    ) throws -> RecordedResponse {
        var all: HTTPHeaders = ["authorization": "Bearer any"]
        for (name, value) in headers { all.add(name, value) }
        let head = HTTPRequestHead(method: method, target: path, headers: all)
        let exchange = HTTPExchange(inMemory: head, body: Array(body.utf8))
        let answer = try #require(exchange.recorded)
        simulator.handle(exchange)
        return answer
    }

    /// The lines of the record, parsed.
    func records() throws -> [JSONValue] { try Self.records(logPath) }

    static func records(_ path: String) throws -> [JSONValue] {
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(bytes.isEmpty || bytes.last == UInt8(ascii: "\n"))
        return try bytes.split(separator: UInt8(ascii: "\n")).map { try JSONDocument.parse(Array($0)).root }
    }

    /// A request that the real API would take.
    static func body(_ api: SimulatedAPI, _ fields: String = "") -> String {
        let prompt = "Tell me one \\\"true\\\" thing about ledgers."
        let messages = "\"messages\":[{\"role\":\"user\",\"content\":\"\(prompt)\"}]"
        let more = fields.isEmpty ? "" : "," + fields
        return switch api {
        case .messages: "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":200,\(messages)\(more)}"
        case .countTokens: "{\"model\":\"claude-sonnet-4-5\",\(messages)\(more)}"
        case .chatCompletions:
            "{\"model\":\"gpt-4o-mini\",\"stream_options\":{\"include_usage\":true},\(messages)\(more)}"
        case .responses: "{\"model\":\"gpt-4o-mini\",\"input\":\"\(prompt)\"\(more)}"
        case .embeddings: "{\"model\":\"text-embedding-3-small\",\"input\":\"\(prompt)\"\(more)}"
        }
    }

    /// What the proxy's reader makes of an answer.
    static func reading(_ api: SimulatedAPI, _ body: [UInt8], streamed: Bool) -> UsageReading {
        let kind: APIKind =
            switch api {
            case .messages: .messages
            case .countTokens: .countTokens
            case .chatCompletions: .chatCompletions
            case .responses: .responses
            case .embeddings: .embeddings
            }
        var reader = UsageReader(api: kind, streamed: streamed)
        reader.feed(body)
        return reader.finish()
    }

    /// What the proxy's reader makes of the usage in a record.
    static func usage(_ api: SimulatedAPI, _ record: JSONValue) throws -> Usage {
        let usage = String(decoding: try #require(record["usage"]).source, as: UTF8.self)
        let body = "{\"type\":\"message\",\"status\":\"completed\",\"usage\":\(usage)}"
        return try #require(reading(api, Array(body.utf8), streamed: false).usage)
    }

    /// The data of a stream's events, in order.
    static func events(_ answer: RecordedResponse) -> [String] {
        answer.text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
    }
}
