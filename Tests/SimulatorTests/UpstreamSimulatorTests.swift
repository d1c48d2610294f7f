import Foundation
import HTTP
import HTTPClient
import JSON
import LedgerCore
import Testing

@testable import Simulator

@Suite("UpstreamSimulator", .timeLimit(.minutes(1)))
struct UpstreamSimulatorTests {
    /// Runs `body` with a simulator that listens, and its record's path.
    private func running(_ body: (UpstreamSimulator, String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "simulator-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let simulator = try UpstreamSimulator.start(port: 0, log: path)
        defer { simulator.stop(withinMilliseconds: 2000) }
        try body(simulator, path)
    }

    private func post(
        _ simulator: UpstreamSimulator, _ api: SimulatedAPI, _ fields: String, _ headers: HTTPHeaders = [:],
        idleMilliseconds: Int = 5000
    ) throws -> (HTTPResponseHead, [UInt8]) {
        var all: HTTPHeaders = ["authorization": "Bearer any", "content-type": "application/json"]
        for (name, value) in headers { all.add(name, value) }
        let request = HTTPClientRequest(
            method: "POST", url: "http://127.0.0.1:\(simulator.port)\(api.path)", headers: all,
            body: Array(SimulatorHarness.body(api, fields).utf8), idleTimeoutMilliseconds: idleMilliseconds,
            totalTimeoutMilliseconds: idleMilliseconds)
        return try BlockingHTTP.perform(request, bodyBytesMax: 1 << 20)
    }

    @Test(
        "a stream over a socket, with time between its events, says what the record says",
        arguments: SimulatorHarness.streamed)
    func stream(_ api: SimulatedAPI) throws {
        try running { simulator, path in
            let headers: HTTPHeaders = [
                "x-simulate-delay-ms": "5", "x-simulate-chunk-delay-ms": "2", "x-simulate-output-tokens": "9",
            ]
            let began = ContinuousClock.now
            let (head, body) = try post(simulator, api, "\"stream\":true", headers)
            #expect(began.duration(to: .now) >= .milliseconds(5 + 9 * 2))
            #expect(head.status == 200)
            let reading = SimulatorHarness.reading(api, body, streamed: true)
            #expect(reading.source == .providerFinal && reading.usage?.output == 9)
            let record = try #require(try SimulatorHarness.records(path).first)
            #expect(try SimulatorHarness.usage(api, record) == reading.usage)
            #expect(record["complete"]?.bool == true)
        }
    }

    @Test("a whole answer over a socket says what the record says", arguments: SimulatorHarness.billed)
    func whole(_ api: SimulatedAPI) throws {
        try running { simulator, path in
            let (_, body) = try post(simulator, api, "\"stream\":false")
            let reading = SimulatorHarness.reading(api, body, streamed: false)
            let record = try #require(try SimulatorHarness.records(path).first)
            #expect(try SimulatorHarness.usage(api, record) == reading.usage)
        }
    }

    @Test(
        "a client sees a broken answer as broken", arguments: ["reset-mid-stream", "bad-content-length"],
        ["true", "false"])
    func broken(_ fault: String, _ stream: String) throws {
        try running { simulator, path in
            #expect(throws: HTTPClientError.self) {
                try post(simulator, .messages, "\"stream\":\(stream)", ["x-simulate-fault": fault])
            }
            let records = try SimulatorHarness.records(path)
            #expect(records.map { $0["complete"]?.bool } == [false])
        }
    }

    @Test("a client that leaves a slow stream is recorded, with no more than it was sent")
    func leaving() throws {
        let path = NSTemporaryDirectory() + "simulator-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let simulator = try UpstreamSimulator.start(port: 0, log: path)
        let headers: HTTPHeaders = [
            "x-simulate-chunk-delay-ms": "20", "x-simulate-output-tokens": "1000",
        ]
        #expect(throws: HTTPClientError.self) {
            try post(simulator, .messages, "\"stream\":true", headers, idleMilliseconds: 150)
        }
        // Once it has stopped, every call is on record.
        simulator.stop(withinMilliseconds: 2000)
        let record = try #require(try SimulatorHarness.records(path).first)
        #expect(record["complete"]?.bool == false)
        #expect((0..<200).contains(try SimulatorHarness.usage(.messages, record).output))
    }

    @Test("a taken port is an error")
    func takenPort() throws {
        try running { simulator, _ in
            #expect(throws: SimulatorError.self) {
                try UpstreamSimulator.start(port: simulator.port, log: nil)
            }
        }
    }
}
