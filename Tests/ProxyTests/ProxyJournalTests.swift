import Files
import LedgerCore
import LedgerRuntime
import Proxy
import Synchronization
import TestSupport
import Testing
import Threads

@Suite("Proxy over a journal that fails")
struct ProxyJournalTests {
    @Test("Closed: a call that cannot be recorded is 503 and is not sent")
    func closed() throws {
        let proxy = try ProxyFixture(upstream: Samples.always(Samples.whole(Samples.answer)))
        defer { proxy.stop() }
        #expect(try proxy.message().status == 200)
        proxy.files.fail(.sync, errno: 5)
        let answer = try proxy.message()
        #expect(answer.status == 503)
        #expect(answer.text.hasPrefix(#"{"type":"error""#))
        #expect(proxy.upstream.requests.count == 1)
        #expect(
            try proxy.samples("proxy_requests_refused_total") == [
                #"proxy_requests_refused_total{reason="unavailable"} 1"#
            ])
        proxy.files.heal()
        #expect(recovered(proxy))
        #expect(try proxy.message().status == 200)
        #expect(try proxy.settled(2).count == 2)
    }

    @Test("Open: a call that cannot be recorded is let through, and counted")
    func open() throws {
        let proxy = try ProxyFixture({ $0.isFailOpen = true }, upstream: Samples.streaming(Samples.events))
        defer { proxy.stop() }
        proxy.files.fail(.sync, errno: 28)
        let answer = try proxy.message(Samples.messageStreamed)
        #expect(answer.status == 200)
        #expect(answer.text == Samples.events.joined())
        #expect(answer.isWhole)
        let metrics = try proxy.send("GET", "/metrics", headers: []).text
        #expect(metrics.contains("\nproxy_unrecorded_calls_total 1\n"))
        proxy.files.heal()
        #expect(recovered(proxy))
        #expect(try !proxy.events().contains { $0.type == .callSettled })
    }

    @Test(
        "Open: a call that cannot be recorded is not sent for a client that has gone",
        arguments: [false, true])
    func openAndGone(isReset: Bool) throws {
        let proxy = try ProxyFixture({ $0.isFailOpen = true }, upstream: Samples.streaming(Samples.events))
        defer { proxy.stop() }
        let stall = proxy.files.stallNextSync()
        let key = try ProxyFixture.key("ann")
        do {
            let client = try RawClient(port: proxy.port)
            client.send(
                ProxyFixture.request(
                    "POST", "/v1/messages", headers: ["x-api-key: \(key)"], Samples.messageStreamed))
            stall.arrived.wait()
            if isReset { client.resetOnClose() }
        }
        // Two rounds on another connection: the loop has seen the end by then.
        for _ in 0..<2 { #expect(try proxy.send("GET", "/metrics", headers: []).status == 200) }
        proxy.files.fail(.sync, errno: 28)
        stall.release.signal()
        #expect(try proxy.message(Samples.messageStreamed).status == 200)
        let metrics = try proxy.send("GET", "/metrics", headers: []).text
        #expect(metrics.contains("\nproxy_unrecorded_calls_total 1\n"))
        #expect(proxy.upstream.requests.count == 1)
        proxy.files.heal()
        #expect(recovered(proxy))
    }

    @Test(
        "An answer whose settlement cannot be written is refused, and settled when it can",
        arguments: [false, true])
    func settlementFails(isStreamed: Bool) throws {
        let (asked, go) = (Semaphore(), Semaphore())
        let proxy = try ProxyFixture { connection in
            _ = connection.request()
            asked.signal()
            go.wait()
            if isStreamed {
                connection.send(Samples.streamHead)
                for event in Samples.events { connection.send(Samples.chunk(event)) }
                connection.send(Samples.lastChunk)
            } else {
                connection.send(Samples.whole(Samples.answer))
            }
        }
        defer { proxy.stop() }
        let client = try RawClient(port: proxy.port)
        let key = try ProxyFixture.key("ann")
        client.send(
            ProxyFixture.request(
                "POST", "/v1/messages", headers: ["x-api-key: \(key)"],
                isStreamed ? Samples.messageStreamed : Samples.message))
        asked.wait()
        proxy.files.fail(.sync, errno: 5)
        go.signal()
        let answer = try ClientAnswer(try client.receiveAllBytes())
        if isStreamed {
            #expect(!answer.isWhole)
            #expect(!answer.text.contains("message_stop"))
        } else {
            #expect(answer.status == 503)
        }
        #expect(proxy.ledger.read { $0.state.open.count } == 1)
        proxy.files.heal()
        let settled = try #require(try proxy.settled().first)
        #expect(settled.cost == .priced(try Money(decimal: "0.006")))
    }

    @Test("The end of a stream is not seen before the settlement is durable")
    func durableBeforeTheEnd() throws {
        let (asked, go) = (Semaphore(), Semaphore())
        let proxy = try ProxyFixture { connection in
            _ = connection.request()
            asked.signal()
            go.wait()
            connection.send(Samples.streamHead)
            for event in Samples.events { connection.send(Samples.chunk(event)) }
            connection.send(Samples.lastChunk)
        }
        defer { proxy.stop() }
        let wasSettledWhenSeen = Lock<Bool?>(nil)
        let reader = try Thread(named: "reader") { [proxy] in
            guard let key = try? ProxyFixture.key("ann"), let client = try? RawClient(port: proxy.port) else {
                return
            }
            client.send(
                ProxyFixture.request(
                    "POST", "/v1/messages", headers: ["x-api-key: \(key)"], Samples.messageStreamed))
            guard (try? client.receive(until: "event: message_stop")) != nil else { return }
            let isSettled = proxy.ledger.read { $0.state.open.isEmpty }
            wasSettledWhenSeen.withLock { $0 = isSettled }
        }
        asked.wait()
        let stall = proxy.files.stallNextSync()
        go.signal()
        stall.arrived.wait()
        // Several turns of the proxy's loop: whatever would go out has gone out.
        for _ in 1...5 { _ = try proxy.send("GET", "/health", headers: []) }
        #expect(proxy.ledger.read { !$0.state.open.isEmpty })
        #expect(wasSettledWhenSeen.withLock { $0 } == nil)
        stall.release.signal()
        reader.join()
        #expect(wasSettledWhenSeen.withLock { $0 } == true)
    }

    private func recovered(_ proxy: ProxyFixture) -> Bool {
        let bell = proxy.ledger.subscribe()
        for _ in 0..<2_000 {
            if proxy.ledger.read({ $0.journal.failure == nil }) { return true }
            _ = bell.wait(timeoutMilliseconds: 5)
        }
        return false
    }
}
