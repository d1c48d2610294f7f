import HTTP
import HTTPClient
import TestSupport
import Testing

@Suite("HTTPClient: exchanges")
struct HTTPClientTests {
    @Test("a request goes out as written, nothing added but Host and Content-Length")
    func bytesOnTheWire() async throws {
        let peer = ScriptedPeer { connection in
            while connection.request() != nil {
                connection.send(
                    "HTTP/1.1 201 Created\r\nX-One: 1\r\nx-one: 2\r\nEmpty:\r\nContent-Length: 5\r\n\r\nhello"
                )
            }
        }
        let client = try ClientHarness()
        let request = HTTPClientRequest(
            method: "POST", url: peer.url("/a/../b?x=%20"),
            headers: [
                ("x-z"): "last letter first", "Content-Length": "999", "Expect": "100-continue",
                "Transfer-Encoding": "chunked", "authorization": "Bearer k", "X-Empty": "",
            ], body: Array("{}".utf8))
        let outcome = await client.send(request)
        #expect(outcome.status == 201)
        #expect(outcome.text == "hello")
        #expect(outcome.completions == 1)
        #expect(outcome.error == nil)
        #expect(
            outcome.heads.first?.headers.map { "\($0.name)=\($0.value)" } == [
                "X-One=1", "x-one=2", "Empty=", "Content-Length=5",
            ])
        #expect(
            peer.requests == [
                "POST /a/../b?x=%20 HTTP/1.1\r\nHost: 127.0.0.1:\(peer.port)\r\nx-z: last letter first\r\n"
                    + "authorization: Bearer k\r\nX-Empty:\r\nContent-Length: 2\r\n\r\n{}"
            ])
        client.close()
        peer.stop()
    }

    @Test(
        "one handle serves methods of every kind in turn",
        arguments: [["GET", "POST", "HEAD", "PUT", "DELETE", "GET", "PATCH", "HEAD", "POST"]])
    func methods(_ methods: [String]) async throws {
        let peer = ScriptedPeer { connection in
            while let request = connection.request() {
                let body = request.hasPrefix("HEAD") ? "" : "ok"
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\(body)")
            }
        }
        let client = try ClientHarness()
        for method in methods {
            let body: [UInt8] = ["POST", "PATCH"].contains(method) ? [65, 66] : []
            let outcome = await client.send(HTTPClientRequest(method: method, url: peer.url(), body: body))
            #expect(outcome.status == 200)
            #expect(outcome.text == (method == "HEAD" ? "" : "ok"))
        }
        let lines = peer.requests.map { String($0.prefix { $0 != "\r\n" }) }
        #expect(lines == methods.map { "\($0) / HTTP/1.1" })
        #expect(peer.requests.allSatisfy { !$0.contains("Content-Type") && !$0.contains("Accept") })
        #expect(peer.connections == 1)
        client.close()
        peer.stop()
    }

    @Test("chunked bodies arrive joined, however the bytes are cut; interim heads and trailers stay hidden")
    func chunked() async throws {
        let answer =
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;ext=1\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"
        let peer = ScriptedPeer { connection in
            while connection.request() != nil { for byte in answer.utf8 { connection.send([byte]) } }
        }
        let client = try ClientHarness()
        let outcome = await client.send(HTTPClientRequest(url: peer.url()))
        #expect(outcome.text == "hello, world")
        #expect(outcome.heads == [HTTPResponseHead(status: 200, headers: ["Transfer-Encoding": "chunked"])])
        client.close()
        peer.stop()
    }

    @Test("redirects are not followed and encodings not undone")
    func raw() async throws {
        let peer = ScriptedPeer { connection in
            while connection.request() != nil {
                connection.send(
                    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Encoding: gzip\r\n"
                        + "Content-Length: 3\r\n\r\n\u{1}\u{2}\u{3}")
            }
        }
        let client = try ClientHarness()
        let outcome = await client.send(HTTPClientRequest(url: peer.url()))
        #expect(outcome.status == 302)
        #expect(outcome.body == [1, 2, 3])
        #expect(peer.requests.count == 1)
        client.close()
        peer.stop()
    }

    @Test("sixty-four transfers at a time each get their own answer, over connections that are kept")
    func parallel() async throws {
        let peer = ScriptedPeer { connection in
            while let request = connection.request() {
                let body = String(request.suffix(4))
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
        }
        let client = try ClientHarness()
        for _ in 0..<5 {
            await withTaskGroup(of: Bool.self) { group in
                for number in 1000..<1064 {
                    group.addTask {
                        let request = HTTPClientRequest(
                            method: "POST", url: peer.url(), body: Array("\(number)".utf8))
                        return await client.send(request).text == "\(number)"
                    }
                }
                for await isRight in group { #expect(isRight) }
            }
        }
        #expect(peer.requests.count == 320)
        #expect(peer.connections <= 64)
        client.close()
        peer.stop()
    }

    @Test("a socket file takes the place of the host")
    func unixSocket() async throws {
        let path = "/tmp/ledger-http-client-\(UInt64.random(in: 0...UInt64.max)).sock"
        let peer = ScriptedPeer(unixPath: path) { connection in
            while connection.request() != nil {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
            }
        }
        let client = try ClientHarness()
        let outcome = await client.send(
            HTTPClientRequest(url: "http://docker/containers/json", unixSocketPath: path))
        #expect(outcome.text == "[]")
        #expect(peer.requests == ["GET /containers/json HTTP/1.1\r\nHost: docker\r\n\r\n"])
        client.close()
        peer.stop()
    }

    @Test("the blocking form returns head and body, and refuses a body over the limit")
    func blocking() async throws {
        let peer = ScriptedPeer { connection in
            while connection.request() != nil {
                connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n12345")
            }
        }
        let (head, body) = try BlockingHTTP.perform(HTTPClientRequest(url: peer.url()), bodyBytesMax: 5)
        #expect(head.status == 404)
        #expect(body == Array("12345".utf8))
        let error = #expect(throws: HTTPClientError.self) {
            _ = try BlockingHTTP.perform(HTTPClientRequest(url: peer.url()), bodyBytesMax: 4)
        }
        #expect(error?.reason == "response body longer than 4 bytes")
        peer.stop()
    }
}
