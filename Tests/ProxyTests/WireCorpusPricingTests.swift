import LedgerCore
import LedgerRuntime
import TestSupport
import Testing
import Wire

@testable import Proxy

@Suite("Wire corpus, priced")
struct WireCorpusPricingTests {
    static let calls = (try? WireCorpus.exchanges().filter { $0.expected.reading != nil }) ?? []

    @Test("A call is charged what its file says, by admission, reader and settlement", arguments: calls)
    func charges(_ exchange: WireExchange) throws {
        let expected = exchange.expected
        let request = try #require(expected.request)
        let answer = try #require(expected.answer)
        let reading = try #require(expected.reading)
        let prices = try PriceBookFile.parse(try WireCorpus.bytes("prices.json"), file: "prices.json")
        let time = try #require(Timestamp(Array(expected.at.utf8)))
        let route = APIRoute(method: request.method, path: request.path)
        #expect(route.provider.rawValue == expected.provider)
        let asked = try CallRequest(exchange.requestBody, route: route)
        let (estimate, _) = Admission(prices: prices, time: time).estimate(asked, route)
        let call = CallIdentity(
            callID: UniqueID(at: time, random: 1), user: try #require(UserID("ann")), source: "proxy",
            provider: route.provider.rawValue, model: asked.model ?? "", api: route.kind.rawValue)
        let settlement = Settlement(
            call: call, reserved: estimate.cost, reservedTokens: estimate.tokens,
            unpricedReserve: prices.unpricedReserve, prices: prices, time: time, billing: route.billing,
            tellsUsage: route.tellsUsage)
        var reader = UsageReader(api: route.kind, streamed: exchange.isStream)
        reader.feed(exchange.response)
        let event = settlement.event(
            status: answer.status, ending: answer.complete ? .complete : .broken, reading: reader.finish(),
            isClientGone: false, durationMilliseconds: 1, prompt: nil)
        let isKnown = event.cost.state != .unpriced
        let isReserved = event.cost == .estimated(estimate.cost) && expected.settled.costUsd == "reserved"
        let amount = isReserved ? "reserved" : event.cost.amount.decimalText
        #expect(
            WireExchange.Settled(costState: event.cost.state.rawValue, costUsd: isKnown ? amount : nil)
                == expected.settled)
        #expect(event.toolsUsed == reading.toolsUsed ?? [])
        #expect(event.fees == (reading.unpricedTools == nil ? nil : prices.unpricedReserve))
        #expect(event.usageInconsistent == reading.inconsistent ?? false)
        #expect(event.cost.held == (isKnown ? .zero : max(estimate.cost, prices.unpricedReserve)))
    }

    @Test("Reading an answer again is recorded with its id, and counts neither money nor tokens")
    func retrieved() throws {
        let exchange = try #require(Self.calls.first { $0.file == "responses-polled.json" })
        let body = String(decoding: exchange.response, as: UTF8.self)
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(body)))
        defer { proxy.stop() }
        let key = try ProxyFixture.key("ann")
        let answer = try proxy.send(
            "GET", "/v1/responses/resp_1", headers: ["authorization: Bearer \(key)"])
        #expect(answer.text == body)
        let settled = try #require(try proxy.settled().first)
        #expect(settled.cost == .priced(.zero))
        #expect(settled.usage == Usage())
        #expect(settled.providerRequestID == "resp_1")
        #expect(settled.call.api == "retrieval")
    }
}
