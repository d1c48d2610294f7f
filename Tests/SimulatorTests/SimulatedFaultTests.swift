import HTTP
import JSON
import LedgerCore
import Testing

@testable import Simulator

/// CallAnswer, StreamEvent and CallRecord, where an answer goes wrong on request.
@Suite("Simulated faults")
struct SimulatedFaultTests {
    static let cuts: [SimulationControls.Fault] = [
        .resetMidStream, .truncate, .hang, .malformedSSE, .errorMidStream,
    ]

    private func ask(
        _ harness: SimulatorHarness, _ api: SimulatedAPI, _ fault: SimulationControls.Fault, streamed: Bool
    ) throws -> RecordedResponse {
        try harness.ask(
            api, "\"stream\":\(streamed)",
            headers: ["x-simulate-fault": fault.rawValue, "x-simulate-output-tokens": "40"])
    }

    @Test(
        "a cut stream has no final usage, and the record says what was made",
        arguments: SimulatorHarness.streamed, cuts)
    func cut(_ api: SimulatedAPI, _ fault: SimulationControls.Fault) throws {
        let harness = try SimulatorHarness()
        let answer = try ask(harness, api, fault, streamed: true)
        let reading = SimulatorHarness.reading(api, answer.body, streamed: true)
        // A reader that found events that are no JSON must not trust what it has read.
        #expect(reading.source != .providerFinal || reading.isInconsistent)
        #expect(reading.isInconsistent == (fault == .malformedSSE))
        #expect(reading.isErrorMidStream == (fault == .errorMidStream))
        #expect(answer.isAborted == (fault == .resetMidStream))
        #expect(answer.isComplete == ![.resetMidStream, .hang].contains(fault))
        let record = try #require(try harness.records().first)
        #expect(record["complete"]?.bool == false)
        let made = try SimulatorHarness.usage(api, record)
        #expect(fault == .malformedSSE ? made.output == 40 : (1..<40).contains(made.output))
        #expect(made.input > 0)
    }

    @Test(
        "an answer without usage has none, but the record has", arguments: SimulatorHarness.billed,
        [true, false])
    func noUsage(_ api: SimulatedAPI, _ isStreamed: Bool) throws {
        let harness = try SimulatorHarness()
        let isStreamed = isStreamed && api != .embeddings
        let answer = try ask(harness, api, .noUsage, streamed: isStreamed)
        #expect(answer.isComplete)
        #expect(SimulatorHarness.reading(api, answer.body, streamed: isStreamed).usage == nil)
        let record = try #require(try harness.records().first)
        #expect(try SimulatorHarness.usage(api, record).inputTokens > 0)
        #expect(record["complete"]?.bool == true)
    }

    @Test("a whole answer is cut, short of its length, or never comes", arguments: SimulatorHarness.billed)
    func whole(_ api: SimulatedAPI) throws {
        let harness = try SimulatorHarness()
        let reset = try ask(harness, api, .resetMidStream, streamed: false)
        #expect(reset.isAborted)
        #expect(reset.headers["content-length"].flatMap(Int.init) ?? 0 > reset.body.count)
        let short = try ask(harness, api, .badContentLength, streamed: false)
        #expect(short.isAborted)
        #expect(short.headers["content-length"] == "\(short.body.count + 100)")
        let half = try ask(harness, api, .truncate, streamed: false)
        #expect(half.isComplete)
        #expect(throws: JSONError.self) { try JSONDocument.parse(half.body) }
        let silent = try ask(harness, api, .hang, streamed: false)
        #expect(silent.status == 0 && !silent.isComplete)
        #expect(try harness.records().map { $0["complete"]?.bool } == [false, false, false, false])
    }

    @Test("a slow client is waited for, and then gets every byte", arguments: SimulatorHarness.streamed)
    func slowClient(_ api: SimulatedAPI) throws {
        let harness = try SimulatorHarness()
        let head = HTTPRequestHead(method: "POST", target: api.path, headers: ["authorization": "Bearer x"])
        let body = Array(SimulatorHarness.body(api, "\"stream\":true").utf8)
        let exchange = HTTPExchange(inMemory: head, body: body)
        let answer = try #require(exchange.recorded)
        answer.acceptsMore = false
        harness.simulator.handle(exchange)
        #expect(!answer.isComplete)
        var drains = 0
        while !exchange.isEnded, drains < 1000 {
            exchange.drained()
            drains += 1
        }
        #expect(answer.isComplete && drains > 5)
        #expect(SimulatorHarness.reading(api, answer.body, streamed: true).source == .providerFinal)
    }

    @Test("a client that leaves is recorded with what it was sent", arguments: SimulatorHarness.streamed)
    func leaving(_ api: SimulatedAPI) throws {
        let harness = try SimulatorHarness()
        let head = HTTPRequestHead(method: "POST", target: api.path, headers: ["authorization": "Bearer x"])
        let body = Array(SimulatorHarness.body(api, "\"stream\":true").utf8)
        let exchange = HTTPExchange(inMemory: head, body: body)
        try #require(exchange.recorded).acceptsMore = false
        harness.simulator.handle(exchange)
        for _ in 0..<7 { exchange.drained() }
        exchange.disconnected()
        let record = try #require(try harness.records().first)
        #expect(record["complete"]?.bool == false)
        #expect((1..<13).contains(try SimulatorHarness.usage(api, record).output))
    }

    @Test("a session that the caller names is in the record")
    func session() throws {
        let harness = try SimulatorHarness()
        _ = try harness.ask(.messages, headers: ["x-session-id": "s-1"])
        _ = try harness.ask(.messages)
        #expect(try harness.records().map { $0["sessionId"]?.string } == ["s-1", nil])
    }
}
