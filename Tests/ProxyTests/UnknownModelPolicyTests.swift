import LedgerCore
import Proxy
import TestSupport
import Testing

@Suite("UnknownModelPolicy")
struct UnknownModelPolicyTests {
    private static let unheardOf = Samples.message.split(separator: "claude-sonnet-4-5").joined(
        separator: "claude-unheard-of")

    @Test("reads deny and an amount above nothing, and nothing else")
    func reads() throws {
        #expect(UnknownModelPolicy("deny") == .deny)
        #expect(UnknownModelPolicy("reserve:2.50") == .reserve(try Money(decimal: "2.5")))
        for text in ["", "reserve", "reserve:", "reserve:0", "reserve:-1", "reserve:1e3", "Deny", "free"] {
            #expect(UnknownModelPolicy(text) == nil, "\(text)")
        }
    }

    @Test("a call to a model without a price is refused in the provider's own shape, and not sent")
    func denies() throws {
        let proxy = try ProxyFixture(
            { $0.unknownModels = .deny }, upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        let answer = try proxy.message(Self.unheardOf)
        #expect(answer.status == 404)
        #expect(answer.text.contains(#""type":"not_found_error""#), "\(answer.text)")
        #expect(answer.text.contains("claude-unheard-of"))
        #expect(answer["x-should-retry"] == "false")
        #expect(proxy.upstream.requests.isEmpty)
        #expect(
            try proxy.samples("proxy_requests_refused_total") == [
                #"proxy_requests_refused_total{reason="unknown_model"} 1"#
            ])
        #expect(try proxy.message().status == 200)
        #expect(
            try proxy.events().filter { if case .callReserved = $0 { true } else { false } }.count == 1)
    }

    @Test(
        "a call that names no model is refused too",
        arguments: ["/v1/batches", "/v1/images/generations", "/v1/threads/t/runs", "/v1/responses"])
    func deniesNoModel(_ path: String) throws {
        let proxy = try ProxyFixture(
            { $0.unknownModels = .deny }, upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        let headers = ["x-api-key: \(try ProxyFixture.key("ann"))"]
        let answer = try proxy.send("POST", path, headers: headers, #"{"input":"a"}"#)
        #expect(answer.status == 404)
        #expect(answer.text.contains("names no one model"), "\(answer.text)")
        #expect(proxy.upstream.requests.isEmpty)
        #expect(!(try proxy.events().contains { if case .callReserved = $0 { true } else { false } }))
        #expect(try proxy.send("GET", "/v1/models", headers: headers).status == 200)
    }

    @Test("an answer from a model without a price holds as much as a call to one", arguments: [nil, "3.5"])
    func answersUnknown(_ amount: String?) throws {
        let policy = UnknownModelPolicy.reserve(try amount.map { try Money(decimal: $0) })
        let odd = Samples.answer.split(separator: "claude-sonnet-4-5").joined(separator: "odd-1")
        let proxy = try ProxyFixture(
            { $0.unknownModels = policy }, upstream: Samples.always(Samples.whole(odd)))
        defer { proxy.stop() }
        _ = try proxy.message()
        let settled = try #require(try proxy.settled().first)
        #expect(settled.cost == .unpriced(holding: try Money(decimal: amount ?? "1")))
        #expect(settled.call.model == "odd-1" && settled.usage.output == 200)
    }

    @Test("a call to a model without a price holds the amount that is set", arguments: [nil, "3.5"])
    func reserves(_ amount: String?) throws {
        let policy = UnknownModelPolicy.reserve(try amount.map { try Money(decimal: $0) })
        let proxy = try ProxyFixture(
            { $0.unknownModels = policy }, upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        _ = try proxy.message(Self.unheardOf)
        let reserved = try proxy.events().compactMap {
            if case .callReserved(let event) = $0 { event.reserved.decimalText } else { nil }
        }
        #expect(reserved == [amount ?? "1"])
    }
}
