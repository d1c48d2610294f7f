import LedgerCore
import TestSupport
import Testing
import Wire

@testable import Proxy

/// Answers that end in good order for HTTP, and not for whoever asked.
@Suite("Answers that broke off")
struct BrokenAnswerTests {
    static let chat = [
        #"data: {"model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#,
        #"data: {"model":"gpt-4o-mini","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        #"data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}"#,
        "data: [DONE]",
    ].map { $0 + "\n\n" }
    static let responses = [
        #"{"type":"response.created","response":{"status":"in_progress","model":"gpt-4o-mini","usage":null}}"#,
        #"{"type":"response.output_text.delta","delta":"a"}"#,
        #"{"type":"response.completed","response":{"status":"completed","model":"gpt-4o-mini","usage":{"input_tokens":10,"output_tokens":5}}}"#,
    ].map { "data: \($0)\n\n" }
    static let asked = #"{"model":"gpt-4o-mini","max_tokens":50,"stream":true,"messages":[],"input":"a"}"#

    private func settled(
        _ path: String, _ answer: @escaping @Sendable (ScriptedPeer.Connection) -> Void
    ) throws -> (event: CallSettled, reserved: Money) {
        let proxy = try ProxyFixture(upstream: answer)
        defer { proxy.stop() }
        let headers = ["authorization: Bearer \(try ProxyFixture.key("ann"))"]
        #expect(try proxy.send("POST", path, headers: headers, Self.asked).status == 200)
        let event = try #require(try proxy.settled().first)
        let reserved = try proxy.events().compactMap {
            if case .callReserved(let event) = $0 { event.reserved } else { nil }
        }
        return (event, try #require(reserved.first))
    }

    @Test("A stream of a chat or a response is good only with its own end", arguments: 0...4)
    func streams(_ count: Int) throws {
        // The third event of either has the figures and is an end.
        for (path, events) in [("/v1/chat/completions", Self.chat), ("/v1/responses", Self.responses)] {
            let (event, reserved) = try settled(path, Samples.streaming(Array(events.prefix(count))))
            #expect(event.result == (count >= 3 ? .ok : .error), "\(path) after \(count)")
            #expect(event.status == 200)
            let cost = count >= 3 ? Cost.priced(try Money(decimal: "0.0000045")) : .estimated(reserved)
            #expect(event.cost == cost, "\(path) after \(count)")
        }
    }

    @Test("A chat without figures is good where it says that it is done")
    func figureless() throws {
        let events = [Self.chat[0], Self.chat[1], Self.chat[3]]
        let (event, reserved) = try settled("/v1/chat/completions", Samples.streaming(events))
        #expect(event.result == .ok)
        #expect(event.cost == .estimated(reserved))
    }

    static let bodies = [
        (
            "/v1/chat/completions",
            #"{"model":"gpt-4o-mini","usage":{"prompt_tokens":10,"completion_tokens":5}}"#
        ),
        ("/v1/responses", #"{"status":"completed","usage":{"input_tokens":10,"output_tokens":5}}"#),
        ("/v1/embeddings", #"{"model":"gpt-4o-mini","usage":{"prompt_tokens":10}}"#),
    ]

    @Test("A body is good only when it is whole", arguments: bodies)
    func wholeBodies(_ path: String, _ body: String) throws {
        #expect(try settled(path, Samples.always(Samples.whole(body))).event.result == .ok)
        for cut in [0, 1, body.count / 2, body.count - 1] {
            let (event, reserved) = try settled(path, Samples.always(Samples.whole(String(body.prefix(cut)))))
            #expect(event.result == .error, "\(path), \(cut) bytes")
            #expect(event.cost == .estimated(reserved))
        }
    }

    @Test("A background answer that is still being made is whole")
    func background() throws {
        for usage in ["null", #"{"input_tokens":10,"output_tokens":1}"#] {
            let body = #"{"status":"in_progress","model":"gpt-4o-mini","usage":\#(usage)}"#
            let (event, reserved) = try settled("/v1/responses", Samples.always(Samples.whole(body)))
            #expect(event.result == .ok)
            #expect(event.cost == .estimated(reserved))
        }
    }

    @Test("What ends an answer on a path that is not known is not judged")
    func unknownPath() throws {
        let (event, _) = try settled("/v1/audio/speech", Samples.always(Samples.whole("RIFF")))
        #expect(event.result == .ok)
    }
}
