import Foundation
import Gateway
import LedgerCore
import TestSupport
import Testing

@Suite("MessagesKernel", .serialized)
struct MessagesKernelTests {
    static let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"

    static func event(_ json: String) -> String { "event: x\ndata: \(json)\n\n" }

    static let start = event(#"{"type":"message_start","message":{"id":"msg_1","model":"claude-x"}}"#)
    static let stop = event(#"{"type":"message_stop"}"#)

    static func text(_ text: String) -> String {
        event(#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\#(text)"}}"#)
    }

    private func withPeer(
        _ script: @escaping @Sendable (ScriptedPeer.Connection) -> Void,
        limits: KernelLimits = KernelHarness.limits,
        _ body: (KernelHarness, Int, String) async throws -> Void
    ) async throws -> [String] {
        let harness = try KernelHarness()
        let peer = ScriptedPeer { connection in
            if connection.request() != nil { script(connection) }
        }
        let kernel = await harness.makeKernel { _, client in
            MessagesKernel(client: client, model: "claude-x", limits: limits)
        }
        try await body(harness, kernel, peer.url(""))
        harness.close()
        peer.stop()
        return peer.requests
    }

    private func body(_ request: String) throws -> NSDictionary {
        let parts = request.components(separatedBy: "\r\n\r\n")
        return try #require(JSONSerialization.jsonObject(with: Data(parts[1].utf8)) as? NSDictionary)
    }

    @Test("Text and tools stream through, and the conversation goes on")
    func conversation() async throws {
        let requests = try await withPeer { connection in
            connection.send(Self.head + Self.start + Self.text("he") + Self.text("llo"))
            connection.send(
                Self.event(
                    #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","name":"get","input":{}}}"#
                ))
            for piece in [#"{\"a\":"#, "1}"] {
                connection.send(
                    Self.event(
                        #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\#(piece)"}}"#
                    ))
            }
            connection.send(Self.event(#"{"type":"content_block_stop","index":1}"#) + Self.stop)
        } _: { harness, kernel, url in
            let first = await harness.run(kernel, KernelHarness.task("one", proxyURL: url))
            #expect(
                first.events == [
                    .ready(model: "claude-x"), .text("he"), .text("llo"),
                    .tool(name: "get", input: #"{"a":1}"#),
                ])
            #expect(first.ends == [KernelEnd(providerRequestID: "msg_1")])
            _ = await harness.run(kernel, KernelHarness.task("two", model: "claude-y", proxyURL: url))
            _ = await harness.run(kernel, KernelHarness.task("else", session: "s-2", proxyURL: url))
        }
        #expect(requests.count == 3)
        #expect(requests[0].hasPrefix("POST /v1/messages HTTP/1.1\r\n"))
        for line in [
            "x-api-key: sk-proxy-alice.secret", "anthropic-version: 2023-06-01", "x-session-id: s-1",
            "x-dispatch-id: 01930000-0000-7000-8000-000000000001",
        ] { #expect(requests[0].contains(line + "\r\n")) }
        #expect(
            try body(requests[0]) == [
                "model": "claude-x", "max_tokens": 4096, "stream": true,
                "messages": [["role": "user", "content": "one"]],
            ])
        let second = try body(requests[1])
        #expect(second["model"] as? String == "claude-y")
        #expect(
            second["messages"] as? [[String: String]] == [
                ["role": "user", "content": "one"], ["role": "assistant", "content": "hello"],
                ["role": "user", "content": "two"],
            ])
        #expect((try body(requests[2])["messages"] as? [Any])?.count == 1)
    }

    static let broken: [(String, KernelFailure.Code, String)] = [
        (head + start + text("x"), .connection, "before its end"),
        (
            head + start
                + event(#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
            .reported, "Overloaded"
        ),
        (head + "data: nonsense\n\n", .garbled, "not JSON"),
        (
            "HTTP/1.1 429 No\r\nx-should-retry: false\r\ncontent-length: 73\r\n\r\n"
                + #"{"type":"error","error":{"type":"rate_limit_error","message":"used up"}} "#,
            .quota, "used up"
        ),
        (
            "HTTP/1.1 429 No\r\ncontent-length: 73\r\n\r\n"
                + #"{"type":"error","error":{"type":"rate_limit_error","message":"slow it"}} "#,
            .reported, "answered 429: slow it"
        ),
        ("HTTP/1.1 529 No\r\ncontent-length: 4\r\n\r\nbusy", .reported, "answered 529"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", .garbled, "no content type"),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999\r\n\r\n", .connection,
            "broke off"
        ),
    ]

    @Test("A run that fails says how, and is not remembered", arguments: broken)
    func failures(_ answer: String, _ code: KernelFailure.Code, _ words: String) async throws {
        let requests = try await withPeer {
            $0.send(answer)
        } _: { harness, kernel, url in
            for _ in 0..<2 {
                let outcome = await harness.run(kernel, KernelHarness.task(proxyURL: url))
                #expect(outcome.code == code)
                #expect(outcome.message.contains(words), "\(outcome.message)")
                #expect(outcome.ends.count == 1)
            }
        }
        #expect((try body(requests.last ?? "")["messages"] as? [Any])?.count == 1)
    }

    @Test("Silence is a hang")
    func hang() async throws {
        var limits = KernelHarness.limits
        limits.idleTimeoutMilliseconds = 200
        _ = try await withPeer({ $0.awaitClose() }, limits: limits) { harness, kernel, url in
            let outcome = await harness.run(kernel, KernelHarness.task(proxyURL: url))
            #expect(outcome.code == .hang)
        }
    }

    @Test("A run is stopped on request")
    func stops() async throws {
        _ = try await withPeer { connection in
            connection.send(Self.head + Self.start)
            connection.awaitClose()
        } _: { harness, kernel, url in
            let outcome = await harness.run(kernel, KernelHarness.task(proxyURL: url)) { _, run in run.stop()
            }
            #expect(outcome.code == .stopped)
        }
    }
}
