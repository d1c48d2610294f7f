import LedgerCore
import TestSupport
import Testing
import Threads

@testable import Gateway

@Suite("ShellHub")
struct ShellHubTests {
    @Test("counts the shells that come and go")
    func counts() throws {
        let shell = try ShellFixture()
        defer { shell.stop() }
        do {
            let one = try shell.connect("ann")
            let other = try shell.connect("bob")
            #expect(shell.counts == [1, 2])
            one.send(WebSocketFrame.close(1000))
            #expect(try one.receive()?.code == 1000)
            shell.wait(count: 1)
            _ = other
        }
        shell.wait(count: 0)
        #expect(shell.counts == [1, 2, 1, 0])
        #expect(shell.slowReaders == 0)
    }

    @Test("shows an alert in every shell")
    func alerts() throws {
        let shell = try ShellFixture()
        defer { shell.stop() }
        let one = try shell.connect("ann")
        let other = try shell.connect("bob")
        shell.onLoop {
            $0.hub.show(
                AlertReceived(
                    fingerprint: "f1", status: .resolved, name: "Down",
                    startsAt: Timestamp(microseconds: 0), endsAt: Timestamp(microseconds: 1),
                    from: "grafana"))
        }
        let text =
            #"{"type":"alert","fingerprint":"f1","status":"resolved","name":"Down","#
            + #""startsAt":"1970-01-01T00:00:00.000000Z","endsAt":"1970-01-01T00:00:00.000001Z","#
            + #""from":"grafana"}"#
        #expect(try one.receive()?.text == text)
        #expect(try other.receive()?.text == text)
    }

    @Test("a page of another site is refused, one of its own or a known one is not")
    func origins() throws {
        let shell = try ShellFixture { $0.allowedOrigins = ["https://agents.example.com"] }
        defer { shell.stop() }
        let own = "127.0.0.1:\(shell.port)"
        for (headers, status) in [
            ([], "101"), (["Origin: http://\(own)"], "101"), (["Origin: https://\(own)"], "101"),
            (["Origin: https://agents.example.com"], "101"), (["Origin: https://Agents.Example.com"], "101"),
            (["Origin: https://evil.example"], "403"), (["Origin: null"], "403"), (["Origin: "], "403"),
            (["Origin: http://127.0.0.1"], "403"), (["Origin: http://\(own).evil.example"], "403"),
            (["Origin: http://\(own)", "Origin: https://evil.example"], "403"),
        ] as [([String], String)] {
            #expect(try shell.connect(headers: headers).status == status, "\(headers)")
        }
    }

    @Test("shells are bounded, in all and by user")
    func limits() throws {
        let shell = try ShellFixture {
            $0.socketsMax = 3
            $0.socketsPerUserMax = 2
        }
        defer { shell.stop() }
        let one = try shell.connect("ann")
        let two = try shell.connect("ann")
        let full = try shell.connect("ann")
        #expect(full.status == "503")
        #expect(full.answer.contains("\r\nretry-after: 5\r\n"))
        let three = try shell.connect("bob")
        #expect(three.status == "101")
        #expect(try shell.connect("cy").status == "503")
        two.send(WebSocketFrame.close(1000))
        shell.wait(count: 2)
        #expect(try shell.connect("ann").status == "101")
        _ = one
    }

    @Test("those that never read are dropped, the others get everything")
    func slowReaders() throws {
        let shell = try ShellFixture { $0.webSocket.queuedBytesMax = 64 * 1024 }
        defer { shell.stop() }
        let slow = try WebSocketClient(port: shell.port, path: "/ws/slow", receiveBufferBytes: 4_096)
        let reader = try shell.connect("ann")
        #expect(shell.onLoop { $0.hub.count } == 2)
        let text = Array(String(repeating: "a", count: 16 * 1024).utf8)
        var sent = 0
        while shell.slowReaders == 0, sent < 10_000 {
            shell.onLoop { $0.hub.broadcast(text) }
            sent += 1
            #expect(try reader.receive()?.payload.count == text.count)
        }
        #expect(sent < 10_000)
        #expect(shell.onLoop { $0.hub.count } == 1)
        #expect(shell.counts.last == 1)
        _ = slow.send("a")
    }

    @Test("a request that is no handshake is refused as one")
    func handshake() throws {
        let shell = try ShellFixture()
        defer { shell.stop() }
        let client = try RawClient(port: shell.port)
        client.send("GET /ws/ann HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try client.receiveAll().hasPrefix("HTTP/1.1 426 "))
        #expect(shell.counts.isEmpty)
    }
}
