import HTTP
import TestSupport
import Testing

@Suite("HTTP strictness")
struct HTTPStrictnessTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let request: String
        let status: Int

        init(_ name: String, _ status: Int, _ request: String) {
            testDescription = name
            self.request = request
            self.status = status
        }
    }

    static let refused: [Case] = [
        Case("bare LF after the request line", 400, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        Case("bare LF after a field", 400, "GET / HTTP/1.1\r\nHost: a\n\r\n"),
        Case("bare LF at the head's end", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        Case("only bare LFs", 400, "GET / HTTP/1.1\nHost: a\n\n"),
        Case("leading bare LF", 400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("bare CR in a field", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
        Case("folded line", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
        Case("folded line with a tab", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n"),
        Case("space before the first field", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        Case("empty field name", 400, "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
        Case("space before colon", 400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        Case("field without colon", 400, "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n"),
        Case("NUL in a field", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n"),
        Case("no Host", 400, "GET / HTTP/1.1\r\nX: a\r\n\r\n"),
        Case("no fields", 400, "GET / HTTP/1.1\r\n\r\n"),
        Case("two Hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        Case("Host with a list", 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        Case("Host with a path", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        Case("fragment in the target", 400, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("fragment in the query", 400, "GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("no version", 400, "GET /\r\n\r\n"),
        Case("HTTP/0.9", 505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
        Case("HTTP/2.0", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        Case("HTTP/1.2", 505, "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
        Case("HTTP/2 preface", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Case("two spaces in the line", 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("two spaces before the version", 400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("tab in the line", 400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("absolute target", 400, "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("authority target", 400, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("asterisk with GET", 400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("raw byte in the target", 400, "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("RTSP method", 400, "DESCRIBE / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("ICE method", 400, "SOURCE / ICE/1.0\r\nHost: a\r\n\r\n"),
        Case("TRACE", 501, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("PROPFIND", 501, "PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("lower-case method", 400, "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("unknown method", 400, "FROB / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("TLS hello", 400, "\u{16}\u{3}\u{1}\u{2}\r\n\r\n"),
        Case("many blank lines", 400, "\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("other expectation", 417, "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n"),
        Case(
            "length and encoding", 400, post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        Case(
            "encoding and length", 400, post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")),
        Case("two lengths", 400, post("Content-Length: 5\r\nContent-Length: 6", "hello")),
        Case("the same length twice", 400, post("Content-Length: 5\r\nContent-Length: 5", "hello")),
        Case("length list", 400, post("Content-Length: 5, 5", "hello")),
        Case("signed length", 400, post("Content-Length: +5", "hello")),
        Case("negative length", 400, post("Content-Length: -5", "hello")),
        Case("hexadecimal length", 400, post("Content-Length: 0x5", "hello")),
        Case("empty length", 400, post("Content-Length:", "hello")),
        Case("length beyond 64 bits", 400, post("Content-Length: 99999999999999999999", "hello")),
        Case("xchunked", 400, post("Transfer-Encoding: xchunked", "0\r\n\r\n")),
        Case("gzip, chunked", 400, post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n")),
        Case("chunked, gzip", 400, post("Transfer-Encoding: chunked, gzip", "0\r\n\r\n")),
        Case(
            "chunked twice", 400,
            post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        Case("identity encoding", 400, post("Transfer-Encoding: identity", "0\r\n\r\n")),
        Case("vertical tab before chunked", 400, post("Transfer-Encoding: \u{b}chunked", "0\r\n\r\n")),
        Case(
            "encoding on HTTP/1.0", 400,
            "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Case("bare LF after a chunk size", 400, chunked("5\nhello\r\n0\r\n\r\n")),
        Case("bare LF after a chunk", 400, chunked("5\r\nhello\n0\r\n\r\n")),
        Case("bare LF after the last chunk", 400, chunked("5\r\nhello\r\n0\r\n\n")),
        Case("bare LF after the last size", 400, chunked("5\r\nhello\r\n0\n\r\n")),
        Case("bare LF in a trailer", 400, chunked("0\r\nX: a\n\r\n")),
        Case("folded trailer", 400, chunked("0\r\nX: a\r\n b\r\n\r\n")),
        Case("chunk size with 0x", 400, chunked("0x5\r\nhello\r\n0\r\n\r\n")),
        Case("negative chunk size", 400, chunked("-5\r\nhello\r\n0\r\n\r\n")),
        Case("chunk longer than its size", 400, chunked("3\r\nhello\r\n0\r\n\r\n")),
        Case("chunk size beyond 64 bits", 400, chunked("fffffffffffffffff\r\nhello\r\n0\r\n\r\n")),
        Case(
            "endless chunk extension", 400,
            chunked("5;x=\(String(repeating: "a", count: 20_000))\r\nhello\r\n")),
        Case("endless trailers", 400, chunked("0\r\n\(String(repeating: "X: a\r\n", count: 4_000))\r\n")),
    ]

    static func post(_ fields: String, _ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n\(body)"
    }

    static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", body) }

    @Test("refuses with a problem and closes, before any handler", arguments: refused)
    func refuses(_ test: Case) throws {
        let live = try LiveServer { exchange in exchange.respond(status: 200) }
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        // What follows must never be read as a second request.
        client.send(test.request + "GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try client.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 \(test.status) "))
        #expect(answer.contains("content-type: application/problem+json\r\n"))
        #expect(answer.contains("connection: close\r\n"))
        #expect(answer.split(separator: "content-length: ").count == 2)
        #expect(live.onLoop { $0.requestsRefused.values.reduce(0, +) } == 1)
    }

    static let accepted: [Case] = [
        Case("plain", 200, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("leading blank line", 200, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("empty value", 200, "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \r\n\r\n"),
        Case("white space around a value", 200, "GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n"),
        Case("Host with a port", 200, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
        Case("bytes beyond ASCII in a value", 200, "GET / HTTP/1.1\r\nHost: a\r\nX: \u{e9}\r\n\r\n"),
        Case("HTTP/1.0 without Host", 200, "GET / HTTP/1.0\r\n\r\n"),
        Case("OPTIONS *", 200, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case(
            "upgrade that nobody takes", 200,
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
        Case("length", 200, post("Content-Length: 5", "hello")),
        Case("chunks", 200, chunked("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")),
        Case("chunk that looks like framing", 200, chunked("4\r\n\r\n \n\r\n1\r\n!\r\n0\r\n\r\n")),
        Case("chunk extension and trailer", 200, chunked("5;a=b\r\nhello\r\n0\r\nX: a\r\n\r\n")),
    ]

    @Test("takes what is right, however it is cut into packets", arguments: accepted)
    func accepts(_ test: Case) throws {
        let live = try LiveServer { exchange in
            exchange.respond(status: 200, body: Array("\(exchange.head.path) \(exchange.body.count)".utf8))
        }
        defer { live.stop() }
        let bytes = Array(test.request.utf8)
        var answers: Set<String> = []
        for cut in 1..<bytes.count {
            let client = try RawClient(port: live.port)
            client.send(Array(bytes[..<cut]))
            live.settle()
            client.send(Array(bytes[cut...]))
            client.endSending()
            let answer = try client.receiveAll()
            answers.insert(
                answer.split(separator: "\r\n").filter { !$0.hasPrefix("date") }.joined(separator: "|"))
        }
        #expect(answers.count == 1)
        #expect(answers.first?.hasPrefix("HTTP/1.1 \(test.status) ") == true)
        #expect(live.onLoop { $0.requestsRefused } == [:])
    }
}
