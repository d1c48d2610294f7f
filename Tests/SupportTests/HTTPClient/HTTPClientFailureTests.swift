import HTTP
import HTTPClient
import TestSupport
import Testing

@Suite("HTTPClient: failures")
struct HTTPClientFailureTests {
    /// What a peer does after the request, and the error that must come of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let answer: String
        var isReset = false
        let expected: @Sendable (HTTPClientError) -> Bool
    }

    // Each answer is followed by the end of the connection.
    static let cases: [Case] = [
        Case(testDescription: "closes without a byte", answer: "") {
            if case .receiveFailed = $0 {
                $0.beforeFirstByte && $0.requestMayHaveBeenProcessed
            } else {
                false
            }
        },
        Case(testDescription: "resets without a byte", answer: "", isReset: true) {
            if case .receiveFailed = $0 {
                $0.beforeFirstByte && $0.requestMayHaveBeenProcessed
            } else {
                false
            }
        },
        Case(
            testDescription: "ends before the announced length",
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12345678"
        ) { if case .truncated = $0 { !$0.beforeFirstByte } else { false } },
        Case(
            testDescription: "ends inside a chunk",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
        ) { if case .truncated = $0 { !$0.beforeFirstByte } else { false } },
        Case(
            testDescription: "ends before the last chunk",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
        ) { if case .truncated = $0 { true } else { false } },
        Case(
            testDescription: "resets inside the body",
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1234", isReset: true
        ) { if case .receiveFailed = $0 { !$0.beforeFirstByte } else { false } },
        Case(
            testDescription: "sends a chunk size that is no number",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"
        ) {
            switch $0 {
            case .receiveFailed, .badResponse: !$0.beforeFirstByte
            default: false
            }
        },
        Case(testDescription: "answers without a status line", answer: "hello, this is no HTTP\r\n\r\n") {
            if case .badResponse = $0 { true } else { false }
        },
        Case(testDescription: "folds a field", answer: "HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\n\r\n") {
            if case .badResponse = $0 { true } else { false }
        },
        Case(
            testDescription: "sends too many fields",
            answer: "HTTP/1.1 200 OK\r\n" + String(repeating: "A: 1\r\n", count: 300) + "\r\n"
        ) { if case .badResponse = $0 { true } else { false } },
        Case(
            testDescription: "sends too large a head",
            answer: "HTTP/1.1 200 OK\r\nA: " + String(repeating: "x", count: 70_000) + "\r\n\r\n"
        ) { if case .badResponse = $0 { true } else { false } },
        Case(
            testDescription: "sends interim heads without end",
            answer: String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 100)
        ) { if case .badResponse = $0 { true } else { false } },
    ]

    @Test("a peer that misbehaves is reported as what it did", arguments: cases)
    func misbehaves(_ test: Case) async throws {
        let peer = ScriptedPeer { connection in
            guard connection.request() != nil else { return }
            connection.send(test.answer)
            if test.isReset { connection.reset() }
        }
        let client = try ClientHarness()
        let outcome = await client.send(HTTPClientRequest(method: "POST", url: peer.url(), body: [1]))
        let error = try #require(outcome.error)
        #expect(test.expected(error), "\(error)")
        #expect(!error.reason.isEmpty)
        #expect(outcome.completions == 1)
        #expect(peer.requests.count == 1)
        client.close()
        peer.stop()
    }

    /// A request that cannot be sent, and why.
    static let unsendable: [(HTTPClientRequest, String)] = [
        (HTTPClientRequest(url: "ftp://127.0.0.1/"), "badURL"),
        (HTTPClientRequest(url: "file:///etc/passwd"), "badURL"),
        (HTTPClientRequest(url: "http://user:secret@127.0.0.1:1/"), "badURL"),
        (HTTPClientRequest(url: "http://127.0.0.1:1/ x"), "badURL"),
        (HTTPClientRequest(url: "http://127.0.0.1:1/\r\nA: b"), "badURL"),
        (HTTPClientRequest(url: "http://"), "badURL"),
        (HTTPClientRequest(url: ""), "badURL"),
        (HTTPClientRequest(method: "GET / HTTP/1.1\r\nA:", url: "http://127.0.0.1:1/"), "badRequest"),
        (HTTPClientRequest(method: "", url: "http://127.0.0.1:1/"), "badRequest"),
        (HTTPClientRequest(url: "http://127.0.0.1:1/"), "connect"),
        (HTTPClientRequest(url: "http://no-such-host.invalid/"), "resolve"),
        (HTTPClientRequest(url: "http://x/", unixSocketPath: "/nonexistent/socket"), "connect"),
    ]

    @Test("what cannot be sent fails later, by name, and surely not processed", arguments: unsendable)
    func refused(_ request: HTTPClientRequest, _ name: String) async throws {
        let client = try ClientHarness()
        let outcome = await client.send(request)
        let error = try #require(outcome.error)
        #expect("\(error)".hasPrefix(name), "\(error)")
        #expect(error.beforeFirstByte)
        #expect(!error.requestMayHaveBeenProcessed)
        client.close()
    }

    @Test("an old connection that dies before answering costs one more try, invisibly")
    func retriesOnce() async throws {
        let peer = ScriptedPeer { connection in
            guard connection.request() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(connection.number)")
            guard connection.number == 1, connection.request() != nil else { return connection.awaitClose() }
            connection.reset()
        }
        let client = try ClientHarness()
        let request = HTTPClientRequest(method: "POST", url: peer.url(), body: Array("once".utf8))
        #expect(await client.send(request).text == "1")
        let second = await client.send(request)
        #expect(second.error == nil)
        #expect(second.text == "2")
        #expect(peer.requests.count == 3)
        client.close()
        peer.stop()
    }

    @Test("however many old connections die, a request goes out twice at most")
    func retriesOnlyOnce() async throws {
        // Every connection serves one request, holds until all eight are open, and dies at its second.
        let gate = PeerGate(count: 8)
        let peer = ScriptedPeer { connection in
            guard connection.request() != nil else { return }
            gate.arrive()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            _ = connection.request()
            connection.reset()
        }
        let client = try ClientHarness()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { _ = await client.send(HTTPClientRequest(url: peer.url("/first"))) }
            }
        }
        #expect(peer.connections == 8)
        let outcome = await client.send(
            HTTPClientRequest(method: "POST", url: peer.url("/second"), body: [1]))
        let error = try #require(outcome.error)
        #expect(error.beforeFirstByte)
        #expect(error.requestMayHaveBeenProcessed)
        #expect(peer.requests.filter { $0.hasPrefix("POST /second") }.count == 2)
        client.close()
        peer.stop()
    }

    @Test("the last transfer over the limit is refused at once")
    func tooMany() async throws {
        let peer = ScriptedPeer { connection in
            _ = connection.request()
            connection.awaitClose()
        }
        let client = try ClientHarness { $0.transfersMax = 1 }
        let error: HTTPClientError? = await client.onClient { client, done in
            let quiet = HTTPTransferHandlers(
                onHead: { _ in }, onBody: { _ in .proceed }, onComplete: { _ in })
            client.send(HTTPClientRequest(url: peer.url()), quiet)
            var other = quiet
            other.onComplete = { result in
                if case .failure(let error) = result { done(error) } else { done(nil) }
            }
            client.send(HTTPClientRequest(url: peer.url()), other)
        }
        #expect(error == .tooManyTransfers(.init("1 transfers under way")))
        client.close()
        peer.stop()
    }
}
