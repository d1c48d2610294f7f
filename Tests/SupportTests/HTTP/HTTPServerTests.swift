import EventLoop
import HTTP
import Synchronization
import TestSupport
import Testing
import Threads

@Suite("HTTP server")
struct HTTPServerTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let end = "0\r\n\r\n"

    /// Answers with the path, at once.
    private static func echo(_ exchange: HTTPExchange) {
        exchange.respond(status: 200, body: Array((exchange.head.path + "!").utf8))
    }

    @Test("answers again and again on one connection")
    func keepsAlive() throws {
        let live = try LiveServer(handler: HTTPServerTests.echo)
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        for path in ["/one", "/two", "/three"] {
            client.send("GET \(path)?q HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try client.receive(until: "!")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\ndate: "))
            #expect(answer.hasSuffix("content-length: \(path.utf8.count + 1)\r\n\r\n\(path)!"))
        }
        #expect(live.onLoop { $0.connectionsAccepted } == 1)
    }

    @Test("closes after the answer when the request says so")
    func closes() throws {
        let live = try LiveServer(handler: HTTPServerTests.echo)
        defer { live.stop() }
        for request in ["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] {
            let client = try RawClient(port: live.port)
            client.send(request)
            #expect(try client.receiveAll().contains("connection: close\r\n"))
        }
        let old = try RawClient(port: live.port)
        old.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try old.receive(until: "/1!").contains("connection: keep-alive\r\n"))
        old.send("GET /2 HTTP/1.0\r\n\r\n")
        #expect(try old.receiveAll().hasSuffix("/2!"))
    }

    @Test("closes after the most requests on a connection")
    func limitsRequests() throws {
        let live = try LiveServer({ $0.requestsPerConnectionMax = 2 }, handler: HTTPServerTests.echo)
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send(HTTPServerTests.get + HTTPServerTests.get + HTTPServerTests.get)
        #expect(try client.receiveAll().split(separator: "HTTP/1.1 200").count == 2)
    }

    @Test("answers pipelined requests in order, one at a time")
    func pipelines() throws {
        let waiting = Lock<[HTTPExchange]>([])
        let live = try LiveServer { exchange in waiting.withLock { $0.append(exchange) } }
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        var requests = ""
        for number in 0..<100 {
            requests +=
                "POST /\(number) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
        }
        client.send(requests)
        for number in 0..<100 {
            // The next request reaches the handler only after the answer before it.
            while waiting.withLock({ $0.isEmpty }) { live.settle() }
            let exchange = waiting.withLock { $0.removeFirst() }
            #expect(waiting.withLock { $0.isEmpty })
            live.loop.post { HTTPServerTests.echo(exchange) }
            #expect(try client.receive(until: "!").hasSuffix("\r\n\r\n/\(number)!"))
        }
    }

    @Test("answers a client that has ended its side, and all it has pipelined")
    func answersHalfClosed() throws {
        let live = try LiveServer(handler: HTTPServerTests.echo)
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send(HTTPServerTests.get + HTTPServerTests.get)
        client.endSending()
        #expect(try client.receiveAll().split(separator: "HTTP/1.1 200").count == 2)
    }

    @Test("answers a half-closed client later, too")
    func answersHalfClosedLater() throws {
        let box = Handoff<HTTPExchange>()
        let live = try LiveServer { box.put($0) }
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send(HTTPServerTests.get)
        client.endSending()
        let exchange = box.take()
        live.settle()
        live.loop.post { HTTPServerTests.echo(exchange) }
        #expect(try client.receiveAll().hasSuffix("/a!"))
    }

    @Test(
        "refuses a request that ends in the middle",
        arguments: ["GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"])
    func refusesTruncated(_ request: String) throws {
        let live = try LiveServer(handler: HTTPServerTests.echo)
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send(request)
        client.endSending()
        #expect(try client.receiveAll().hasPrefix("HTTP/1.1 400 "))
    }

    @Test("tells the handler when the client resets, once")
    func noticesReset() throws {
        let box = Handoff<HTTPExchange>()
        let ends = Lock<[String]>([])
        let over = Mark()
        let live = try LiveServer { exchange in
            exchange.onDisconnect = { ends.withLock { $0.append("disconnect") } }
            exchange.onFinished = { status, _ in
                ends.withLock { $0.append("finished \(status)") }
                over.raise()
            }
            box.put(exchange)
        }
        do {
            let client = try RawClient(port: live.port)
            client.send(HTTPServerTests.get)
            _ = box.take()
            client.resetOnClose()
        }
        over.wait()
        let exchange = box.take()
        #expect(live.onLoop { _ in exchange.isEnded && exchange.write([1]) })
        live.loop.post { HTTPServerTests.echo(exchange) }
        #expect(live.stop() == 0)
        #expect(ends.withLock { $0.sorted() } == ["disconnect", "finished 499"])
    }

    @Test("takes a client that sends no more for gone where the handler needs it, and only there")
    func needsClient() throws {
        for isNeeded in [true, false] {
            let over = Mark()
            let live = try LiveServer { exchange in
                exchange.onDisconnect = { over.raise() }
                if isNeeded { exchange.requireClient() } else { exchange.respond(status: 200) }
            }
            let client = try RawClient(port: live.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.endSending()
            if isNeeded { over.wait() }
            #expect(try client.receiveAll().hasPrefix("HTTP/1.1 200") == !isNeeded)
            live.stop()
        }
    }

    @Test(
        "tells a handler that needs its client of one that has said all before its turn",
        arguments: [0, 20_000_000])
    func needsClientLate(bytesBefore: Int) throws {
        let (first, over) = (Handoff<HTTPExchange>(), Mark())
        let live = try LiveServer { exchange in
            guard exchange.head.path == "/second" else { return first.put(exchange) }
            exchange.onDisconnect = { over.raise() }
            exchange.requireClient()
            #expect(exchange.isEnded)
        }
        let client = try RawClient(port: live.port, receiveBufferBytes: 4_096)
        for path in ["/first", "/second"] { client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") }
        client.endSending()
        let exchange = first.take()
        live.settle()
        live.loop.post { exchange.respond(status: 200, body: [UInt8](repeating: 120, count: bytesBefore)) }
        over.wait()
        // The answer before it is whole, however slowly it is read.
        let answer = try client.receiveAllBytes()
        #expect(answer.starts(with: Array("HTTP/1.1 200".utf8)))
        #expect(answer.count { $0 == 120 } == bytesBefore)
        #expect(live.stop() == 0)
    }

    @Test("says to go on to a client that waits with its body")
    func continues() throws {
        let live = try LiveServer { exchange in exchange.respond(status: 200, body: exchange.body) }
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        client.send("hello")
        #expect(try client.receive(until: "hello").hasPrefix("HTTP/1.1 200 OK"))
    }

    @Test("drops response fields that would break out of their line")
    func refusesInjection() throws {
        let live = try LiveServer { exchange in
            var headers: HTTPHeaders = ["x-good": "yes"]
            for bad in ["a\r\nset-cookie: b", "a\nb", "a\rb", "a\u{0}b"] { headers.add("x-bad", bad) }
            headers.add("x bad\r\n", "a")
            headers.set("x-good", "a\r\nb")
            headers.add("content-length", "3")
            headers.add("transfer-encoding", "chunked")
            exchange.respond(status: 200, headers: headers, body: Array("body!".utf8))
        }
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send(HTTPServerTests.get)
        let fields = try client.receive(until: "body!").split(separator: "\r\n").map(String.init)
        #expect(
            fields.filter { !$0.hasPrefix("date: ") } == [
                "HTTP/1.1 200 OK", "x-good: yes", "content-length: 5", "body!",
            ])
    }

    @Test("streams in chunks, with a declared length, and to the end of an HTTP/1.0 connection")
    func streams() throws {
        let live = try LiveServer { exchange in
            let declared = exchange.head.queryValue("length")
            exchange.start(status: 200, headers: declared.map { ["content-length": $0] } ?? [:])
            _ = exchange.write(Array("hello, ".utf8))
            _ = exchange.write([])
            _ = exchange.write(Array("wide and long world!".utf8))
            exchange.finish()
        }
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send(HTTPServerTests.get)
        let chunks = "7\r\nhello, \r\n14\r\nwide and long world!\r\n0\r\n\r\n"
        #expect(
            try client.receive(until: HTTPServerTests.end).hasSuffix(
                "transfer-encoding: chunked\r\n\r\n" + chunks))
        client.send("GET /?length=27 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(
            try client.receive(until: "world!").hasSuffix(
                "content-length: 27\r\n\r\nhello, wide and long world!"))
        client.send(
            "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
                + "GET /?length=9 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )
        // What is beyond the declared length is never sent: it would read as the next answer.
        #expect(try client.receiveAll().hasSuffix("connection: close\r\n\r\nhello, wi"))
        let old = try RawClient(port: live.port)
        old.send("GET / HTTP/1.0\r\n\r\n")
        let answer = try old.receiveAll()
        #expect(answer.hasSuffix("connection: close\r\n\r\nhello, wide and long world!"))
    }

    @Test("cuts an answer that is shorter than declared, or broken off")
    func truncates() throws {
        let live = try LiveServer { exchange in
            exchange.start(
                status: 200, headers: exchange.head.path == "/short" ? ["content-length": "9"] : [:])
            _ = exchange.write(Array("half".utf8))
            if exchange.head.path == "/short" { exchange.finish() } else { exchange.abort() }
        }
        defer { live.stop() }
        for path in ["/short", "/broken"] {
            let client = try RawClient(port: live.port)
            client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try client.receiveAll()
            #expect(answer.contains("half"))
            #expect(!answer.hasSuffix(HTTPServerTests.end))
        }
        let old = try RawClient(port: live.port)
        old.send("GET /broken HTTP/1.0\r\n\r\n")
        #expect(throws: RawClientError.self) { while try !old.receive().isEmpty {} }
    }

    @Test("gives HEAD the fields of GET and no body, and no body to 204 and 304")
    func leavesOutBodies() throws {
        let live = try LiveServer { exchange in
            exchange.respond(
                status: Int(exchange.head.queryValue("s") ?? "") ?? 200, body: Array("body!".utf8))
        }
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.receive(until: "\r\n\r\n").hasSuffix("content-length: 5\r\n\r\n"))
        for status in [204, 304] {
            client.send("GET /?s=\(status) HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try client.receive(until: "\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(!answer.contains("content-length"))
        }
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.receive(until: "body!").hasPrefix("HTTP/1.1 200"))
    }
}
