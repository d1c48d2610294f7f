import Foundation
import Gateway
import LedgerCore
import TestSupport
import Testing

@Suite("HTTPKernel", .serialized)
struct HTTPKernelTests {
    static let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n"
    static let result =
        #"data: {"type":"result","subtype":"success","result":"done","total_cost_usd":0.25,"modelUsage":{"m":{"inputTokens":3}}}"#
        + "\n\n"

    /// Runs a task against a server that follows `script`.
    private func run(
        _ task: KernelTask = KernelHarness.task(), limits: KernelLimits = KernelHarness.limits,
        onEvent: @escaping @Sendable (KernelEvent, any KernelRun) -> Void = { _, _ in },
        _ script: @escaping @Sendable (ScriptedPeer.Connection) -> Void
    ) async throws -> (outcome: KernelHarness.Outcome, requests: [String]) {
        let harness = try KernelHarness()
        let peer = ScriptedPeer { connection in
            if connection.request() != nil { script(connection) }
        }
        let url = peer.url("/run")
        let kernel = await harness.makeKernel { _, client in
            HTTPKernel(client: client, url: url, limits: limits)
        }
        let outcome = await harness.run(kernel, task, onEvent: onEvent)
        harness.close()
        peer.stop()
        return (outcome, peer.requests)
    }

    @Test("The task goes out as JSON, and its events come back as records")
    func wholeRun() async throws {
        let (outcome, requests) = try await run(KernelHarness.task("hi \"x\"", model: "m-1")) { connection in
            connection.send(
                Self.head + ": wait\n\ndata: {\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\"}\n\n")
            connection.send(
                #"data: {"type":"assistant","message":{"id":"a","content":[{"type":"text","text":"ho"}]}}"#
                    + "\n\n")
            connection.send(Self.result + "data: [DONE]\n\n")
        }
        #expect(outcome.events == [.ready(model: "m"), .text("ho")])
        #expect(outcome.end.failure == nil)
        #expect(outcome.end.text == "done")
        #expect(outcome.end.usage == [KernelUsage(provider: "anthropic", model: "m", usage: used(3, 0))])
        let request = try #require(requests.first)
        #expect(request.hasPrefix("POST /run HTTP/1.1\r\n"))
        #expect(request.contains("x-dispatch-id: 01930000-0000-7000-8000-000000000001\r\n"))
        #expect(request.contains("x-session-id: s-1\r\n"))
        let parts = request.components(separatedBy: "\r\n\r\n")
        let body = try JSONSerialization.jsonObject(with: Data(parts[1].utf8)) as? [String: String]
        #expect(
            body == [
                "dispatchId": "01930000-0000-7000-8000-000000000001", "sessionId": "s-1", "user": "alice",
                "text": "hi \"x\"", "model": "m-1", "proxyUrl": "http://127.0.0.1:9",
                "key": "sk-proxy-alice.secret",
            ])
    }

    static let broken: [(String, KernelFailure.Code, String)] = [
        (head, .exit, "without a result"),
        (head + "data: {\"type\":\"res", .garbled, "middle of a record"),
        (head + "data: hello\n\n", .garbled, "something else than JSON"),
        ("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nhi", .garbled, "text/html"),
        (
            "HTTP/1.1 503 Busy\r\ncontent-type: application/problem+json\r\ncontent-length: 28\r\n\r\n{\"detail\":\"busy sk-abc now\"}",
            .reported, "answered 503: busy [key] now"
        ),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", .reported, "answered 404"),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999\r\n\r\ndata: {}",
            .connection, "broke off"
        ),
        ("nonsense\r\n\r\n", .connection, "broke off"),
    ]

    @Test("A run that fails says how", arguments: broken)
    func failures(_ answer: String, _ code: KernelFailure.Code, _ words: String) async throws {
        let (outcome, _) = try await run { $0.send(answer) }
        #expect(outcome.code == code)
        #expect(outcome.message.contains(words), "\(outcome.message)")
        #expect(outcome.ends.count == 1)
    }

    @Test("Nobody there is a failed connection")
    func nobody() async throws {
        let harness = try KernelHarness()
        let kernel = await harness.makeKernel { _, client in
            HTTPKernel(client: client, url: "http://127.0.0.1:1/")
        }
        let outcome = await harness.run(kernel, KernelHarness.task())
        #expect(outcome.code == .connection)
        harness.close()
    }

    @Test("Silence is a hang")
    func hang() async throws {
        var limits = KernelHarness.limits
        limits.idleTimeoutMilliseconds = 200
        let (outcome, _) = try await run(limits: limits) { connection in
            connection.send(Self.head)
            connection.awaitClose()
        }
        #expect(outcome.code == .hang)
    }

    @Test("Too much is a flood")
    func flood() async throws {
        var limits = KernelHarness.limits
        limits.recordBytesMax = 10_000
        limits.outputBytesMax = 100_000
        let (record, _) = try await run(limits: limits) { connection in
            connection.send(Self.head + "data: " + String(repeating: "x", count: 20_000) + "\n\n")
            connection.awaitClose()
        }
        #expect(record.code == .flood)
        let (all, _) = try await run(limits: limits) { connection in
            connection.send(Self.head)
            while connection.send("data: {\"type\":\"x\"}\n\n") {}
        }
        #expect(all.code == .flood)
    }

    @Test("A stream that stays open after its result is ended, and the result counts")
    func lingers() async throws {
        let (outcome, _) = try await run { connection in
            connection.send(Self.head + Self.result)
            connection.awaitClose()
        }
        #expect(outcome.end.failure == nil)
        #expect(outcome.end.text == "done")
    }

    @Test("A run is stopped on request")
    func stops() async throws {
        let (outcome, _) = try await run(onEvent: { _, run in run.stop() }) { connection in
            connection.send(Self.head + "data: {\"type\":\"system\",\"subtype\":\"init\"}\n\n")
            connection.awaitClose()
        }
        #expect(outcome.code == .stopped)
    }
}
