import LedgerCore
import LedgerRuntime
import Proxy
import TestSupport
import Testing

/// What a settled call says, so that it can be priced again from its line alone.
@Suite("Proxy, what a price was made of")
struct ProxyPartsTests {
    private func settled(_ usage: String) throws -> CallSettled {
        let answer =
            #"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","#
            + #""content":[],"stop_reason":"end_turn","usage":{\#(usage)}}"#
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(answer)))
        defer { proxy.stop() }
        #expect(try proxy.message().status == 200)
        return try #require(try proxy.settled().first)
    }

    private func recomputed(_ event: CallSettled) throws -> Cost {
        let time = try #require(Timestamp("2026-11-24T22:00:00Z".utf8))
        let pricing = Pricing(book: try PriceBookFile.embedded(), provider: event.call.provider, time: time)
        return .priced(try pricing.cost(of: event.priced, modifiers: event.modifiers))
    }

    @Test("The iterations of a compaction are recorded, each with its model, and come to the cost again")
    func parts() throws {
        let event = try settled(
            #""input_tokens":45,"output_tokens":1234,"iterations":["#
                + #"{"type":"compaction","input_tokens":180000,"output_tokens":3500},"#
                + #"{"type":"message","model":"claude-haiku-4-5","input_tokens":23,"output_tokens":1000}]"#)
        #expect(event.parts.map(\.model) == ["claude-sonnet-4-5", "claude-haiku-4-5"])
        #expect(event.parts.map(\.usage.input) == [180_000, 23])
        #expect(event.usage.input == 180_023)
        #expect(event.cost == (try recomputed(event)))
    }

    @Test("Speed and place are recorded where the answer names them, and nothing is where it does not")
    func modifiers() throws {
        let fast = try settled(
            #""input_tokens":1000,"output_tokens":200,"service_tier":"batch","speed":"fast","inference_geo":"us""#
        )
        #expect(fast.speed == "fast")
        #expect(fast.inferenceGeo == "us")
        #expect(fast.modifiers == [.batch, .fast, .geoUs])
        #expect(fast.cost == (try recomputed(fast)))
        let plain = try settled(#""input_tokens":1000,"output_tokens":200"#)
        #expect(plain.speed == nil && plain.inferenceGeo == nil && plain.parts.isEmpty)
        #expect(plain.modifiers.isEmpty)
        #expect(plain.cost == (try recomputed(plain)))
    }

    @Test("More than 64 parts are recorded as 64 that come to the whole")
    func bounded() throws {
        let iteration = #"{"type":"message","model":"claude-haiku-4-5","input_tokens":10,"output_tokens":1}"#
        let list = Array(repeating: iteration, count: 70).joined(separator: ",")
        let event = try settled(#""input_tokens":700,"output_tokens":70,"iterations":[\#(list)]"#)
        #expect(event.parts.count == 64)
        #expect(event.parts.last?.usage.input == 70)
        #expect(event.parts.reduce(0) { $0 + $1.usage.input } == 700)
    }
}
