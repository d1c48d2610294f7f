import TestSupport
import EventLoop
import HTTP
import TestSupport
import Testing

@Suite("HTTP upgrade")
struct HTTPUpgradeTests {
    private static let ask = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

    /// Echoes bytes after the upgrade; says goodbye when the server drains.
    private func echo(_ closed: Handoff<Bool>) throws -> LiveServer {
        try LiveServer { exchange in
            guard let connection = exchange.upgrade(headers: ["upgrade": "echo"]) else {
                return exchange.respond(status: 426, headers: ["connection": "close"])
            }
            connection.onClose = { closed.put(connection.isClosed) }
            connection.onServerDrain = {
                connection.write(Array("bye".utf8))
                connection.finish()
            }
            connection.onBytes = { connection.write($0) }
        }
    }

    @Test("hands over the raw connection, with what was sent ahead")
    func upgrades() throws {
        let closed = Handoff<Bool>()
        let live = try echo(closed)
        let client = try RawClient(port: live.port)
        client.send(HTTPUpgradeTests.ask + "early ")
        let answer = try client.receive(until: "early ")
        #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\n"))
        #expect(answer.hasSuffix("connection: upgrade\r\n\r\nearly "))
        client.send("GET / HTTP/1.1\r\n\r\n")
        #expect(try client.receive(until: "\r\n\r\n") == "GET / HTTP/1.1\r\n\r\n")
        client.endSending()
        #expect(try client.receiveAll() == "")
        #expect(closed.take())
        #expect(live.stop() == 0)
    }

    @Test("lets an upgraded connection say goodbye when the server drains")
    func saysGoodbye() throws {
        let closed = Handoff<Bool>()
        let live = try echo(closed)
        let client = try RawClient(port: live.port)
        client.send(HTTPUpgradeTests.ask)
        _ = try client.receive(until: "\r\n\r\n")
        let left = Handoff<Int>()
        live.loop.post { [server = live.server] in
            server.drain(withinMilliseconds: 60_000) { left.put(server.handlesLive) }
        }
        #expect(try client.receiveAll() == "bye")
        client.endSending()
        #expect(closed.take())
        #expect(left.take() == 0)
        live.loop.stop()
    }

    @Test("stays with HTTP when nobody asked for more")
    func staysHTTP() throws {
        let live = try echo(Handoff<Bool>())
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.receiveAll().hasPrefix("HTTP/1.1 426 "))
    }
}
