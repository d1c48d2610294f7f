import TestSupport
import Testing
import WebSocket

@Suite("WebSocket flow")
struct WebSocketFlowTests {
    @Test("takes the largest message, in one frame or in many, and no byte more")
    func sizes() throws {
        let echo = try EchoServer { $0.messageBytesMax = 100_000 }
        let largest = String(repeating: "a", count: 100_000)
        let client = try WebSocketClient(port: echo.port)
        client.send(largest)
        #expect(try client.receive()?.payload.count == 100_000)
        for index in 0..<10 {
            let part = [UInt8](repeating: 0x61, count: 10_000)
            client.send(WebSocketFrame(index == 0 ? .text : .continuation, part, isFinal: index == 9))
        }
        #expect(try client.receive()?.payload.count == 100_000)
        client.send(WebSocketFrame(.text, Array(largest.utf8), isFinal: false))
        client.send(WebSocketFrame(.continuation, [0x61]))
        #expect(try client.receiveAll().code == 1009)
        #expect(echo.ending() == .init(.messageTooBig))
        let other = try WebSocketClient(port: echo.port)
        other.send(largest + "a")
        #expect(try other.receiveAll().code == 1009)
        #expect(echo.ending() == .init(.messageTooBig))
        #expect(echo.stop() == 0)
    }

    @Test("a length of petabytes is refused at its first byte, not waited for")
    func absurdLength() throws {
        let echo = try EchoServer()
        let client = try WebSocketClient(port: echo.port)
        client.send(raw: [0x81, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5])
        #expect(try client.receiveAll().code == 1009)
        #expect(echo.stop() == 0)
    }

    @Test("takes frames that came together with the handshake")
    func ahead() throws {
        let echo = try EchoServer()
        let client = try WebSocketClient(
            port: echo.port, ahead: WebSocketFrame(.text, Array("early".utf8)).bytes)
        #expect(try client.receive()?.text == "early")
        #expect(echo.stop() == 0)
    }

    @Test("nothing is heard after the client's close")
    func deafAfterClose() throws {
        let echo = try EchoServer()
        let client = try WebSocketClient(port: echo.port)
        client.send(
            raw: WebSocketFrame.close(1000).bytes + WebSocketFrame(.text, Array("late".utf8)).bytes
                + WebSocketFrame(.ping).bytes)
        let (texts, code) = try client.receiveAll()
        #expect(texts.isEmpty && code == 1000)
        client.endSending()
        #expect(try client.receive() == nil)
        #expect(echo.ending() == .init(.normal))
        #expect(echo.stop() == 0)
    }

    @Test("a close from here ends with the client's answer")
    func closes() throws {
        let echo = try EchoServer()
        let client = try WebSocketClient(port: echo.port)
        echo.onLoop { sockets in
            sockets.first?.close(.goingAway)
            sockets.first?.send("never sent")
            sockets.first?.close(.normal)
        }
        client.send("ignored")
        client.send(WebSocketFrame(.ping))
        let (texts, code) = try client.receiveAll()
        #expect(texts.isEmpty && code == 1001)
        client.send(WebSocketFrame.close(1001))
        #expect(try client.receive() == nil)
        #expect(echo.ending() == .init(.goingAway))
        #expect(echo.stop() == 0)
    }

    @Test("a close that the client never answers ends when its time is over")
    func closeTimesOut() throws {
        let echo = try EchoServer { $0.closeTimeoutMilliseconds = 50 }
        let client = try WebSocketClient(port: echo.port)
        echo.onLoop { sockets in sockets.first?.close(.goingAway) }
        #expect(echo.ending() == .init(.abnormal))
        #expect(try client.receive()?.code == 1001)
        #expect(echo.stop() == 0)
    }

    @Test("a client that goes without a word has closed abnormally")
    func disconnects() throws {
        let echo = try EchoServer()
        do {
            let client = try WebSocketClient(port: echo.port)
            client.send(WebSocketFrame(.text, [0x61], isFinal: false))
        }
        #expect(echo.ending() == .init(.abnormal))
        #expect(echo.stop() == 0)
    }

    @Test("a silent client is asked, and given up when it does not answer")
    func silence() throws {
        let echo = try EchoServer {
            $0.pingIntervalMilliseconds = 50
            $0.silenceTimeoutMilliseconds = 1_000
        }
        let client = try WebSocketClient(port: echo.port)
        for _ in 1...10 {
            let frame = try #require(try client.receive())
            #expect(frame.opcode == .ping)
            client.send(WebSocketFrame(.pong, frame.payload))
        }
        #expect(echo.ending() == .init(.abnormal))
        #expect(echo.stop() == 0)
    }

    @Test("says goodbye when the server drains")
    func drains() throws {
        let echo = try EchoServer()
        let client = try WebSocketClient(port: echo.port)
        echo.loop.post { [server = echo.server] in server.drain(withinMilliseconds: 60_000) {} }
        let frame = try #require(try client.receive())
        #expect(frame.code == 1001)
        client.send(WebSocketFrame.close(1001))
        #expect(try client.receive() == nil)
        #expect(echo.ending() == .init(.goingAway))
        echo.loop.stop()
    }

    @Test("a client that does not read is dropped once too much waits for it")
    func slowReader() throws {
        let echo = try EchoServer { $0.queuedBytesMax = 100_000 }
        let client = try WebSocketClient(port: echo.port, receiveBufferBytes: 4_096)
        let text = String(repeating: "a", count: 50_000)
        // The system takes some megabytes off our hands first.
        let most = echo.onLoop { sockets in
            var most = 0
            for _ in 1...1_000 where sockets.first?.isOpen == true {
                sockets.first?.send(text)
                most = max(most, sockets.first?.queuedBytes ?? 0)
            }
            return most
        }
        #expect(most > 100_000 && most < 170_000)
        #expect(echo.ending() == .init(.abnormal, wasSlow: true))
        #expect(!client.send("a") || !client.send("b"))
        #expect(echo.stop() == 0)
    }

    @Test("a client that pings and never reads is dropped too")
    func pingFlood() throws {
        let echo = try EchoServer { $0.queuedBytesMax = 100_000 }
        let client = try WebSocketClient(port: echo.port, receiveBufferBytes: 4_096)
        let pings = WebSocketFrame(.ping, [UInt8](repeating: 1, count: 125)).bytes
        let block = [[UInt8]](repeating: pings, count: 1_000).flatMap(\.self)
        var blocks = 0
        while blocks < 1_000, client.send(raw: block) { blocks += 1 }
        #expect(blocks < 1_000)
        #expect(echo.ending() == .init(.abnormal, wasSlow: true))
        #expect(echo.stop() == 0)
    }

    @Test("a thousand sockets opened and closed leave none behind")
    func leavesNothing() throws {
        let echo = try EchoServer()
        for index in 0..<1_000 {
            let client = try WebSocketClient(port: echo.port)
            switch index % 4 {
            case 0: client.send(WebSocketFrame.close(1000))
            case 1: client.send(WebSocketFrame(.binary))
            case 2:
                client.send("a")
                #expect(try client.receive()?.text == "a")
            default: client.send(WebSocketFrame(.text, [0x61], isFinal: false))
            }
        }
        for _ in 0..<1_000 { _ = echo.ending() }
        #expect(echo.onLoop { $0.count } < 100)
        #expect(echo.stop() == 0)
    }
}
