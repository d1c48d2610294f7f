import EventLoop
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing
import Threads

@Suite("HTTP flow and drain")
struct HTTPFlowTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("holds a fast writer back while the client reads slowly, and loses nothing")
    func waitsForSlowReader() throws {
        let total = 64 * 1024 * 1024
        let most = Lock(0)
        let live = try LiveServer({ $0.writeHighWaterBytes = 128 * 1024 }) { exchange in
            exchange.start(status: 200, headers: ["content-length": "\(total)"])
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 32 * 1024)
            var left = total
            func pump() {
                var inRow = 0
                while left > 0 {
                    left -= piece.count
                    inRow += piece.count
                    if !exchange.write(piece) { break }
                }
                most.withLock { $0 = max($0, exchange.queuedBytes) }
                if left == 0 { exchange.finish() }
            }
            exchange.onDrain = pump
            pump()
        }
        let client = try RawClient(port: live.port, receiveBufferBytes: 4_096)
        client.send(HTTPFlowTests.get)
        _ = try client.receive(until: "\r\n\r\n")
        // Nothing is read until the server has had to wait: the kernel's buffers hold less than the whole.
        try eventually { most.withLock { $0 > 0 } }
        var received = 0
        while received < total {
            let bytes = try client.receive()
            #expect(!bytes.isEmpty)
            received += bytes.count
        }
        #expect(received == total)
        // Never more than the mark and the one write that crossed it.
        #expect(most.withLock { $0 } <= (128 + 32) * 1024)
        #expect(live.stop() == 0)
    }

    @Test("cuts a client that takes nothing for too long")
    func cutsStalledReader() throws {
        let ended = Handoff<Int>()
        let live = try LiveServer({ $0.writeStallTimeoutMilliseconds = 80 }) { exchange in
            exchange.onFinished = { status, _ in ended.put(status) }
            exchange.start(status: 200)
            while exchange.write([UInt8](repeating: 0, count: 65_536)) {}
        }
        let client = try RawClient(port: live.port, receiveBufferBytes: 4_096)
        client.send(HTTPFlowTests.get)
        #expect(ended.take() == 499)
        #expect(live.onLoop { $0.writeStalls } == 1)
        #expect(live.stop() == 0)
    }

    @Test("gives a whole large answer to a slow reader before it closes", arguments: [false, true])
    func finishesLargeAnswer(halfClosed: Bool) throws {
        let size = 20_000_000
        let live = try LiveServer { exchange in
            exchange.respond(status: 200, body: [UInt8](repeating: UInt8(ascii: "x"), count: size))
        }
        let client = try RawClient(port: live.port, receiveBufferBytes: 4_096)
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        if halfClosed { client.endSending() }
        _ = try client.receive(until: "\r\n\r\n")
        var received = 0
        while true {
            let count = try client.receive().count
            if count == 0 { break }
            received += count
        }
        #expect(received == size)
        #expect(live.stop() == 0)
    }

    /// A server whose whole answer is far larger than what the kernel holds.
    private func largeServer(
        _ configure: (inout HTTPServerConfiguration) -> Void
    ) throws -> LiveServer {
        try LiveServer(configure) { exchange in
            exchange.respond(status: 200, body: [UInt8](repeating: UInt8(ascii: "x"), count: Self.large))
        }
    }

    /// A client of `live` that has the head of its answer.
    private func reader(of live: LiveServer) throws -> RawClient {
        let client = try RawClient(port: live.port, receiveBufferBytes: 4_096)
        client.send(HTTPFlowTests.get)
        _ = try client.receive(until: "\r\n\r\n")
        return client
    }

    private static let large = 20_000_000

    @Test("a drain gives a complete answer that is still on its way to its reader first")
    func drainsQueued() throws {
        let live = try largeServer { $0.lingerTimeoutMilliseconds = 10_000 }
        let client = try reader(of: live)
        let over = Handoff<Int>()
        live.loop.post { [server = live.server] in
            server.drain(withinMilliseconds: 60_000) { over.put(server.handlesLive) }
        }
        live.settle()
        #expect(try client.receiveAllBytes().count == Self.large)
        client.endSending()
        #expect(over.take() == 0)
        live.loop.stop()
    }

    @Test("a client that reads its answer for longer than a connection may be idle gets all of it")
    func readsBeyondIdle() throws {
        let live = try largeServer { $0.idleTimeoutMilliseconds = 100 }
        let client = try reader(of: live)
        // Idle for many sweeps, but for a little that it takes now and then.
        var received = 0
        for _ in 0..<20 {
            usleep(50_000)
            received += try client.receive(atMost: 1_000_000).count
        }
        #expect(received < Self.large)
        #expect(try received + client.receiveAllBytes().count == Self.large)
        #expect(live.stop() == 0)
    }

    @Test("drains: open exchanges end, idle connections close, new ones are refused")
    func drains() throws {
        let box = Handoff<HTTPExchange>()
        let live = try LiveServer { exchange in
            if exchange.head.path == "/slow" { box.put(exchange) } else { exchange.respond(status: 200) }
        }
        let idle = try RawClient(port: live.port)
        idle.send(HTTPFlowTests.get)
        _ = try idle.receive(until: "\r\n\r\n")
        let busy = try RawClient(port: live.port)
        busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        let exchange = box.take()
        let over = Handoff<Int>()
        live.loop.post { [server = live.server] in
            server.drain(withinMilliseconds: 60_000) { over.put(server.handlesLive) }
        }
        #expect(try idle.receiveAll() == "")
        #expect(throws: RawClientError.self) { _ = try RawClient(port: live.port) }
        live.loop.post { exchange.respond(status: 200, body: Array("late".utf8)) }
        let answer = try busy.receiveAll()
        #expect(answer.contains("connection: close\r\n"))
        #expect(answer.hasSuffix("late"))
        #expect(over.take() == 0)
        live.loop.stop()
    }

    @Test("cuts what is still open at the drain's limit")
    func limitsDrain() throws {
        let box = Handoff<HTTPExchange>()
        let ended = Handoff<Int>()
        let live = try LiveServer { exchange in
            exchange.onFinished = { status, _ in ended.put(status) }
            box.put(exchange)
        }
        let client = try RawClient(port: live.port)
        client.send(HTTPFlowTests.get)
        _ = box.take()
        #expect(live.stop(withinMilliseconds: 20) == 0)
        #expect(ended.take() == 499)
        #expect(throws: RawClientError.self) { try client.receive() }
    }

    @Test("leaves no handle behind after connections of every kind")
    func leavesNoHandles() throws {
        let live = try LiveServer({ $0.headTimeoutMilliseconds = 50 }) { exchange in
            if exchange.head.path == "/abort" { exchange.abort() } else { exchange.respond(status: 200) }
        }
        for round in 0..<40 {
            let client = try RawClient(port: live.port)
            client.send(
                [
                    "", "GET / HT", "nonsense\r\n\r\n", "GET /abort HTTP/1.1\r\nHost: a\r\n\r\n",
                    HTTPFlowTests.get,
                ][round % 5])
            if round % 2 == 0 { client.resetOnClose() }
            if round % 3 == 0 { client.endSending() }
        }
        #expect(live.stop() == 0)
    }
}
