import LedgerCore
import LedgerRuntime
import Proxy
import TestSupport
import Testing
import Threads

@Suite("Proxy before a provider that fails")
struct ProxyFailureTests {
    /// What $0.0155-and-more a request like the sample reserves: never less than its output allows.
    private func expectHeld(_ settled: CallSettled, _ proxy: ProxyFixture) throws {
        let reserved = try #require(
            try proxy.events().compactMap {
                if case .callReserved(let event) = $0 { event.reserved } else { nil }
            }
            .first)
        #expect(settled.cost == .estimated(reserved))
        #expect(reserved >= (try Money(decimal: "0.015")))
    }

    @Test("Refused: 502, and the call cost nothing, because nothing was sent")
    func refused() throws {
        let proxy = try ProxyFixture(
            { $0.upstreams[.anthropic] = .init(url: "http://127.0.0.1:1", key: "k") },
            upstream: Samples.always(""))
        defer { proxy.stop() }
        let answer = try proxy.message()
        #expect(answer.status == 502)
        #expect(answer.text.hasPrefix(#"{"type":"error","error":{"type":"api_error","#))
        let settled = try #require(try proxy.settled().first)
        #expect(settled.cost == .priced(.zero))
        #expect(settled.result == .error)
        #expect(settled.status == 0)
    }

    @Test("Reset before an answer: 502, and the bound counts, because it may have been served")
    func reset() throws {
        let proxy = try ProxyFixture { connection in
            _ = connection.request()
            connection.reset()
        }
        defer { proxy.stop() }
        #expect(try proxy.message().status == 502)
        try expectHeld(try #require(try proxy.settled().first), proxy)
    }

    @Test("Silence: 504 after the limit, and the bound counts")
    func hang() throws {
        let proxy = try ProxyFixture({ $0.upstreamIdleTimeoutMilliseconds = 200 }) { connection in
            _ = connection.request()
            connection.awaitClose()
        }
        defer { proxy.stop() }
        let answer = try proxy.message()
        #expect(answer.status == 504)
        #expect(answer.text.contains("timeout_error"))
        try expectHeld(try #require(try proxy.settled().first), proxy)
    }

    @Test("An answer that breaks off is 502, and the bound counts")
    func truncated() throws {
        let proxy = try ProxyFixture { connection in
            _ = connection.request()
            connection.send(String(Samples.whole(Samples.answer).dropLast(20)))
        }
        defer { proxy.stop() }
        let answer = try proxy.message()
        #expect(answer.status == 502)
        let settled = try #require(try proxy.settled().first)
        #expect(settled.result == .error)
        #expect(settled.cost.state == .estimated)
        #expect(settled.cost.amount > .zero)
    }

    @Test("A stream that breaks off is cut for the client too, and costs at least what was seen")
    func truncatedStream() throws {
        let proxy = try ProxyFixture { connection in
            _ = connection.request()
            connection.send(Samples.streamHead)
            for event in Samples.events.prefix(3) { connection.send(Samples.chunk(event)) }
        }
        defer { proxy.stop() }
        let answer = try proxy.message(Samples.messageStreamed)
        #expect(answer.text == Samples.events.prefix(3).joined())
        #expect(!answer.isWhole)
        let settled = try #require(try proxy.settled().first)
        #expect(settled.result == .error)
        #expect(settled.cost.state == .estimated)
        #expect(settled.cost.amount >= (try Money(decimal: "0.003")))
    }

    @Test(
        "A stream that ends in good order without its own end is an error, and what was seen counts",
        arguments: [1, 400])
    func endlessStream(_ deltas: Int) throws {
        let seen = [Samples.events[0]] + Array(repeating: Samples.events[1], count: deltas)
        let proxy = try ProxyFixture(upstream: Samples.streaming(seen))
        defer { proxy.stop() }
        let answer = try proxy.message(Samples.messageStreamed)
        #expect(answer.isWhole)
        let settled = try #require(try proxy.settled().first)
        #expect(settled.result == .error)
        #expect(settled.usageSource == .providerPartial)
        #expect(settled.cost.state == .estimated)
        // 1,000 tokens in, and a token for four bytes: never above what was held.
        let held = try #require(try held(proxy))
        let bytes = Int64(seen.joined().utf8.count)
        #expect(settled.usage.outputTokens == min((bytes + 3) / 4, held.reservedTokens - 1000))
        #expect(settled.cost.amount > (try Money(decimal: "0.003015")))
        #expect(settled.cost.amount <= held.reserved)
        #expect((settled.cost.amount == held.reserved) == (deltas == 400))
    }

    private func held(_ proxy: ProxyFixture) throws -> CallReserved? {
        try proxy.events().compactMap { if case .callReserved(let event) = $0 { event } else { nil } }.first
    }

    static let statuses = [400, 401, 404, 429, 500, 529]

    @Test("The provider's own refusal passes as it came, costs nothing and is an error", arguments: statuses)
    func providerRefuses(_ status: Int) throws {
        let body = #"{"type":"error","error":{"type":"some_error","message":"no"}}"#
        let proxy = try ProxyFixture(
            upstream: Samples.always(Samples.whole(status, body, fields: ["retry-after: 7"])))
        defer { proxy.stop() }
        let answer = try proxy.message()
        #expect(answer.status == status)
        #expect(answer.text == body)
        #expect(answer["retry-after"] == "7")
        let settled = try #require(try proxy.settled().first)
        #expect(settled.cost == .priced(.zero))
        #expect(settled.result == .error)
        #expect(settled.status == Int64(status))
    }

    @Test("A redirect is passed on, never followed")
    func redirect() throws {
        let proxy = try ProxyFixture(
            upstream: Samples.always(Samples.whole(302, "", fields: ["location: http://127.0.0.1:1/x"])))
        defer { proxy.stop() }
        #expect(try proxy.message().status == 302)
        #expect(proxy.upstream.requests.count == 1)
    }

    @Test("Served without figures: the bound counts, never zero")
    func noUsage() throws {
        let proxy = try ProxyFixture(
            upstream: Samples.always(
                Samples.whole(#"{"id":"m","type":"message","model":"claude-sonnet-4-5"}"#)))
        defer { proxy.stop() }
        #expect(try proxy.message().status == 200)
        try expectHeld(try #require(try proxy.settled().first), proxy)
    }

    @Test(
        "Served with figures that leave something out: the bound counts, or what they come to if that is more",
        arguments: [(1_000, false), (1_000_000, true)])
    func halfTold(_ input: Int, _ isMore: Bool) throws {
        let answer =
            #"{"type":"message","model":"claude-sonnet-4-5","stop_reason":"end_turn","#
            + #""usage":{"input_tokens":\#(input)}}"#
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(answer)))
        defer { proxy.stop() }
        #expect(try proxy.message().status == 200)
        let settled = try #require(try proxy.settled().first)
        #expect(settled.usageSource == .estimated)
        #expect(settled.usage.input == Int64(input))
        #expect(settled.result == .ok)
        if isMore {
            // A million at $6, as there are more than 200,000.
            #expect(settled.cost == .estimated(try Money(decimal: "6")))
        } else {
            try expectHeld(settled, proxy)
        }
    }

    @Test("A refusal whose usage has no figures cost nothing")
    func refusedWithoutFigures() throws {
        let body = #"{"type":"error","error":{"type":"some_error"},"usage":{"input_tokens":null}}"#
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(500, body)))
        defer { proxy.stop() }
        _ = try proxy.message()
        #expect(try proxy.settled().first?.cost == .priced(.zero))
    }

    @Test("A model without a price holds its reservation, and a gauge says so")
    func unpriced() throws {
        let proxy = try ProxyFixture(
            upstream: Samples.always(
                Samples.whole(Samples.answer.split(separator: "claude-sonnet-4-5").joined(separator: "odd-1"))
            ))
        defer { proxy.stop() }
        let request = Samples.message.split(separator: "claude-sonnet-4-5").joined(separator: "odd-1")
        let answer = try proxy.message(request)
        #expect(answer.status == 200)
        #expect(answer["x-ledger-cost-usd"] == nil)
        let settled = try #require(try proxy.settled().first)
        #expect(settled.cost == .unpriced(holding: try Money(decimal: "1")))
        #expect(settled.usage.output == 200)
        let sums = proxy.ledger.read { $0.usage.users.values.first?.total }
        #expect(sums?.unpricedCalls == 1)
        #expect(sums?.held == (try Money(decimal: "1")))
        try proxy.limit("ann", dollars: "1")
        #expect(try proxy.message().status == 429, "the held dollar counts against the limit")
    }

    @Test(
        "A client that leaves at any event: the provider is read to its end, and its figures count",
        arguments: 0...4)
    func clientLeaves(_ count: Int) throws {
        let left = Semaphore()
        let proxy = try ProxyFixture { connection in
            _ = connection.request()
            connection.send(Samples.streamHead)
            for event in Samples.events.prefix(count) { connection.send(Samples.chunk(event)) }
            left.wait()
            for event in Samples.events.dropFirst(count) { connection.send(Samples.chunk(event)) }
            connection.send(Samples.lastChunk)
        }
        defer { proxy.stop() }
        let key = try ProxyFixture.key("ann")
        do {
            let client = try RawClient(port: proxy.port)
            client.send(
                ProxyFixture.request(
                    "POST", "/v1/messages", headers: ["x-api-key: \(key)"], Samples.messageStreamed))
            _ = try client.receive(until: "\r\n\r\n")
            for event in Samples.events.prefix(count) { _ = try client.receive(until: event + "\r\n") }
            client.resetOnClose()
        }
        // The proxy has seen the reset once another connection is served: one loop, in order.
        for _ in 1...3 { _ = try proxy.send("GET", "/health", headers: []) }
        left.signal()
        let settled = try #require(try proxy.settled().first)
        #expect(settled.usage.output == 200)
        #expect(settled.cost == .priced(try Money(decimal: "0.006")))
        #expect(settled.result == .aborted)
        #expect(proxy.ledger.read { $0.state.open.isEmpty })
    }

    @Test("A client that has left does not keep a silent provider for ever")
    func drainEnds() throws {
        let proxy = try ProxyFixture({ $0.drainTimeoutMilliseconds = 100 }) { connection in
            _ = connection.request()
            connection.send(Samples.streamHead)
            connection.send(Samples.chunk(Samples.events[0]))
            connection.awaitClose()
        }
        defer { proxy.stop() }
        let key = try ProxyFixture.key("ann")
        do {
            let client = try RawClient(port: proxy.port)
            client.send(
                ProxyFixture.request(
                    "POST", "/v1/messages", headers: ["x-api-key: \(key)"], Samples.messageStreamed))
            _ = try client.receive(until: Samples.events[0] + "\r\n")
            client.resetOnClose()
        }
        let settled = try #require(try proxy.settled().first)
        #expect(settled.result == .aborted)
        #expect(settled.cost.state == .estimated)
        #expect(settled.cost.amount >= (try Money(decimal: "0.003")))
    }

    @Test("A shutdown settles the calls that are under way with what is known")
    func shutdown() throws {
        let arrived = Semaphore()
        let proxy = try ProxyFixture { connection in
            _ = connection.request()
            connection.send(Samples.streamHead)
            connection.send(Samples.chunk(Samples.events[0]))
            arrived.signal()
            connection.awaitClose()
        }
        defer { proxy.stop() }
        let client = try RawClient(port: proxy.port)
        let key = try ProxyFixture.key("ann")
        client.send(
            ProxyFixture.request(
                "POST", "/v1/messages", headers: ["x-api-key: \(key)"], Samples.messageStreamed))
        arrived.wait()
        _ = try client.receive(until: Samples.events[0] + "\r\n")
        proxy.endCalls()
        #expect(proxy.ledger.read { $0.state.open.isEmpty })
        let settled = try #require(try proxy.settled().first)
        #expect(settled.cost.state == .estimated)
        #expect(settled.cost.amount >= (try Money(decimal: "0.003")))
    }
}
