import LedgerCore
import Proxy
import TestSupport
import Testing
import Threads

@Suite("Requests that are tried again")
struct ProxyRetryTests {
    private static let overloaded = Samples.whole(529, #"{"type":"error"}"#)

    /// A provider that is overloaded for the first `count` requests.
    private static func failing(_ count: Int) -> @Sendable (ScriptedPeer.Connection) -> Void {
        let served = Lock(0)
        return { connection in
            while connection.request() != nil {
                let number = served.withLock { number in
                    number += 1
                    return number
                }
                connection.send(number <= count ? overloaded : Samples.whole(Samples.answer))
            }
        }
    }

    private static func retry(_ count: String) -> [String] { ["x-stainless-retry-count: \(count)"] }

    /// The calls in the order of their reservations, and that every event of each says the same of its tries.
    private func calls(_ proxy: ProxyFixture, ended: Int) throws -> [CallIdentity] {
        let ends = try proxy.settled(ended)
        let calls = try proxy.events().compactMap {
            if case .callReserved(let event) = $0 { event.call } else { nil }
        }
        for end in ends {
            #expect(calls.first { $0.callID == end.call.callID }?.retry == end.call.retry)
        }
        return calls
    }

    @Test("Each further try says which it is, and of which call")
    func followed() throws {
        let proxy = try ProxyFixture(upstream: Self.failing(2))
        defer { proxy.stop() }
        let statuses = try ["0", "1", "2"].map { try proxy.message(headers: Self.retry($0)).status }
        #expect(statuses == [529, 529, 200])
        let calls = try calls(proxy, ended: 3)
        let first = calls[0].callID
        #expect(
            calls.map(\.retry) == [
                nil, CallRetry(attempt: 2, first: first), CallRetry(attempt: 3, first: first),
            ])
        #expect(
            try proxy.samples("proxy_call_retries_total") == [
                #"proxy_call_retries_total{provider="anthropic"} 2"#
            ])
    }

    @Test("A call that ended well is followed by nothing")
    func served() throws {
        let proxy = try ProxyFixture(upstream: Self.failing(0))
        defer { proxy.stop() }
        _ = try proxy.message()
        _ = try proxy.message(headers: Self.retry("1"))
        #expect(try calls(proxy, ended: 2).map(\.retry) == [nil, CallRetry(attempt: 2)])
    }

    @Test("A try of another body, path or user follows nothing, and a failure is followed once")
    func unrelated() throws {
        let proxy = try ProxyFixture(upstream: Self.failing(1))
        defer { proxy.stop() }
        _ = try proxy.message()
        _ = try proxy.message(user: "bob", headers: Self.retry("1"))
        _ = try proxy.message(Samples.messageStreamed, headers: Self.retry("1"))
        let key = try ProxyFixture.key("ann")
        _ = try proxy.send(
            "POST", "/v1/messages?beta=true", headers: ["x-api-key: \(key)"] + Self.retry("1"),
            Samples.message)
        _ = try proxy.message(headers: Self.retry("1"))
        _ = try proxy.message(headers: Self.retry("1"))
        let calls = try calls(proxy, ended: 6)
        let alone = CallRetry(attempt: 2)
        #expect(
            calls.map(\.retry) == [
                nil, alone, alone, alone, CallRetry(attempt: 2, first: calls[0].callID), alone,
            ])
    }

    @Test("Equal requests without the header are requests of their own")
    func equalRequests() throws {
        let proxy = try ProxyFixture(upstream: Self.failing(3))
        defer { proxy.stop() }
        for _ in 0..<4 { _ = try proxy.message() }
        #expect(try calls(proxy, ended: 4).map(\.retry) == [nil, nil, nil, nil])
        #expect(try proxy.samples("proxy_call_retries_total").isEmpty)
    }

    @Test(
        "A count that is not a plain number from 1 to 99 says nothing",
        arguments: [
            "0", "00", "01", "-1", "+1", "1.0", "1e1", "100", "999999999999999999999999", "one", "", "1,2",
            "1 2", "٣", "0x1", "true",
        ])
    func hostile(_ count: String) throws {
        let proxy = try ProxyFixture(upstream: Self.failing(1))
        defer { proxy.stop() }
        _ = try proxy.message()
        #expect(try proxy.message(headers: Self.retry(count)).status == 200)
        #expect(try calls(proxy, ended: 2).map(\.retry) == [nil, nil])
    }

    @Test("A count that comes twice says nothing", arguments: [("1", "2"), ("0", "1"), ("1", "1")])
    func repeated(_ one: String, _ two: String) throws {
        let proxy = try ProxyFixture(upstream: Self.failing(1))
        defer { proxy.stop() }
        _ = try proxy.message()
        #expect(try proxy.message(headers: Self.retry(one) + Self.retry(two)).status == 200)
        #expect(try calls(proxy, ended: 2).map(\.retry) == [nil, nil])
    }

    @Test("The largest count is believed, and further ones are not")
    func largest() throws {
        let proxy = try ProxyFixture(upstream: Self.failing(2))
        defer { proxy.stop() }
        _ = try proxy.message(headers: Self.retry("99"))
        #expect(try calls(proxy, ended: 1).map(\.retry) == [CallRetry(attempt: 100)])
    }

    @Test("A client that gave up waiting is followed while its first try is still open")
    func givenUp() throws {
        let held = Semaphore()
        let arrived = Semaphore()
        let proxy = try ProxyFixture { connection in
            while connection.request() != nil {
                if connection.number == 1 {
                    arrived.signal()
                    held.wait()
                }
                connection.send(Samples.whole(Samples.answer))
            }
        }
        defer { proxy.stop() }
        try giveUp(on: proxy, once: arrived)
        // What the client has closed is read before what it sends next.
        #expect(try proxy.message(headers: Self.retry("1")).status == 200)
        held.signal()
        let calls = try calls(proxy, ended: 2)
        #expect(calls.map(\.retry) == [nil, CallRetry(attempt: 2, first: calls[0].callID)])
    }

    /// Sends a request, and leaves without its answer.
    private func giveUp(on proxy: ProxyFixture, once arrived: Semaphore) throws {
        let client = try RawClient(port: proxy.port)
        let key = try ProxyFixture.key("ann")
        client.send(
            ProxyFixture.request("POST", "/v1/messages", headers: ["x-api-key: \(key)"], Samples.message))
        arrived.wait()
    }

    @Test("A try that could not be recorded is no call, and the next one follows the one before it")
    func unrecorded() throws {
        let proxy = try ProxyFixture(upstream: Self.failing(1))
        defer { proxy.stop() }
        _ = try proxy.message()
        proxy.files.fail(.sync, errno: 5)
        #expect(try proxy.message(headers: Self.retry("1")).status == 503)
        proxy.files.heal()
        let bell = proxy.ledger.subscribe()
        for _ in 0..<2_000 where proxy.ledger.read({ $0.journal.failure != nil }) {
            _ = bell.wait(timeoutMilliseconds: 5)
        }
        #expect(try proxy.message(headers: Self.retry("2")).status == 200)
        let calls = try calls(proxy, ended: 2)
        #expect(calls.map(\.retry) == [nil, CallRetry(attempt: 3, first: calls[0].callID)])
    }
}
