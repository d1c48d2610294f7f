import EventLoop
import HTTP
import Synchronization
import TestSupport
import Testing

@Suite("HTTP limits")
struct HTTPLimitTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func ok(_ exchange: HTTPExchange) {
        exchange.respond(status: 200, body: Array("ok!".utf8))
    }

    private func firstLine(
        of request: String, _ configure: (inout HTTPServerConfiguration) -> Void
    ) throws -> String {
        let live = try LiveServer(configure, handler: HTTPLimitTests.ok)
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send(request)
        return String(try client.receiveAll().prefix { $0 != "\r\n" })
    }

    @Test("refuses a head, a target, or fields beyond the limit, whether the head ends or not")
    func limitsHeads() throws {
        let long = String(repeating: "a", count: 3_000)
        let fields = "GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n"
        let target = "GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n"
        for request in [fields + "\r\n", fields] {
            #expect(try firstLine(of: request) { $0.headBytesMax = 2_000 }.hasPrefix("HTTP/1.1 431 "))
        }
        #expect(try firstLine(of: target) { $0.targetBytesMax = 2_000 }.hasPrefix("HTTP/1.1 414 "))
        #expect(try firstLine(of: "GET /\(long)") { $0.headBytesMax = 2_000 }.hasPrefix("HTTP/1.1 414 "))
        let many = "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: a\r\n", count: 100) + "\r\n"
        #expect(try firstLine(of: many) { _ in }.hasPrefix("HTTP/1.1 431 "))
        let most = "GET / HTTP/1.0\r\nHost: a\r\n" + String(repeating: "X: a\r\n", count: 99) + "\r\n"
        #expect(try firstLine(of: most) { _ in }.hasPrefix("HTTP/1.1 200 "))
    }

    @Test("refuses a body over the limit before it comes, and a chunked one when it grows over")
    func limitsBodies() throws {
        func refuse(_ fields: String, _ body: String = "") throws -> String {
            try firstLine(of: "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(fields)\r\n\r\n\(body)") {
                $0.bodyBytesMax = 8
            }
        }
        #expect(try refuse("Content-Length: 9").hasPrefix("HTTP/1.1 413 "))
        #expect(try refuse("Content-Length: 18446744073709551615").hasPrefix("HTTP/1.1 413 "))
        #expect(try refuse("Content-Length: 9\r\nExpect: 100-continue").hasPrefix("HTTP/1.1 413 "))
        #expect(try refuse("Transfer-Encoding: chunked", "9\r\n").hasPrefix("HTTP/1.1 413 "))
        #expect(try refuse("Transfer-Encoding: chunked", "8\r\n12345678\r\n1\r\n").hasPrefix("HTTP/1.1 413 "))
        #expect(
            try refuse("Transfer-Encoding: chunked", "8\r\n12345678\r\n0\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
        #expect(try refuse("Content-Length: 8", "12345678").hasPrefix("HTTP/1.1 200 "))
    }

    @Test("lets a client that sends a large refused body still read why")
    func lingers() throws {
        let live = try LiveServer({ $0.bodyBytesMax = 8 }, handler: HTTPLimitTests.ok)
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n")
        for _ in 0..<100 { client.send([UInt8](repeating: 0, count: 20_000)) }
        #expect(try client.receiveAll().hasPrefix("HTTP/1.1 413 "))
    }

    @Test("answers 408 to a slow head and to a slow body, and closes a silent connection")
    func timesOut() throws {
        let live = try LiveServer(
            {
                $0.headTimeoutMilliseconds = 60
                $0.bodyTimeoutMilliseconds = 60
                $0.idleTimeoutMilliseconds = 60
            }, handler: HTTPLimitTests.ok)
        defer { live.stop() }
        for request in [
            "GET / HTTP/1.1\r\nHost", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
        ] {
            let client = try RawClient(port: live.port)
            client.send(request)
            #expect(try client.receiveAll().hasPrefix("HTTP/1.1 408 "))
        }
        let silent = try RawClient(port: live.port)
        #expect(try silent.receiveAll() == "")
        let idle = try RawClient(port: live.port)
        idle.send(HTTPLimitTests.get)
        #expect(try idle.receiveAll().hasSuffix("ok!"))
        #expect(live.onLoop { $0.requestsRefused } == [.headTimeout: 1, .bodyTimeout: 1])
    }

    @Test("does not let a body drip in for ever")
    func limitsDrip() throws {
        let live = try LiveServer(
            {
                $0.bodyTimeoutMilliseconds = 100
                $0.bodyBytesPerSecondMin = 1_000_000
            }, handler: HTTPLimitTests.ok)
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n")
        // Every byte comes well within the time between bytes, and still the whole takes too long.
        while live.onLoop({ $0.requestsRefused.isEmpty }) { client.send("x") }
        #expect(live.onLoop { $0.requestsRefused } == [.bodyTimeout: 1])
    }

    @Test("answers 503 beyond the most connections, in all and from one address")
    func limitsConnections() throws {
        for total in [true, false] {
            let live = try LiveServer(
                {
                    if total { $0.connectionsMax = 2 } else { $0.connectionsPerAddressMax = 2 }
                }, handler: HTTPLimitTests.ok)
            defer { live.stop() }
            let one = try RawClient(port: live.port)
            let two = try RawClient(port: live.port)
            while live.onLoop({ $0.connectionsActive < 2 }) {}
            let three = try RawClient(port: live.port)
            #expect(try three.receiveAll().hasPrefix("HTTP/1.1 503 "))
            one.send(HTTPLimitTests.get)
            two.send(HTTPLimitTests.get)
            #expect(try one.receive(until: "ok!").hasPrefix("HTTP/1.1 200 "))
            #expect(try two.receive(until: "ok!").hasPrefix("HTTP/1.1 200 "))
            #expect(live.onLoop { $0.requestsRefused } == [total ? .connections : .connectionsPerAddress: 1])
        }
    }

    @Test("answers 503 when the bodies in flight fill their memory, and recovers")
    func limitsBodiesInFlight() throws {
        let held = Handoff<HTTPExchange>()
        let live = try LiveServer({ $0.bodiesInFlightBytesMax = 10 }) { exchange in
            if exchange.head.path == "/hold" { held.put(exchange) } else { HTTPLimitTests.ok(exchange) }
        }
        defer { live.stop() }
        func post(_ path: String, _ framing: String, _ body: String) -> String {
            "POST \(path) HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n\(body)"
        }
        let holder = try RawClient(port: live.port)
        holder.send(post("/hold", "Content-Length: 8", "12345678"))
        let exchange = held.take()
        for request in [
            post("/", "Content-Length: 3", "123"),
            post("/", "Transfer-Encoding: chunked", "3\r\n123\r\n0\r\n\r\n"),
        ] {
            let client = try RawClient(port: live.port)
            client.send(request)
            #expect(try client.receiveAll().hasPrefix("HTTP/1.1 503 "))
        }
        live.loop.post { HTTPLimitTests.ok(exchange) }
        _ = try holder.receive(until: "ok!")
        #expect(live.onLoop { $0.bodiesInFlightBytes } == 0)
        holder.send(post("/", "Content-Length: 9", "123456789"))
        #expect(try holder.receive(until: "ok!").hasPrefix("HTTP/1.1 200 "))
    }
}
