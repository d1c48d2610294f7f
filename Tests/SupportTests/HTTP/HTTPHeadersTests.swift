import HTTP
import Testing

@Suite("HTTP headers, targets and problems")
struct HTTPHeadersTests {
    @Test("finds fields in any case, keeps order and repeats")
    func findsFields() {
        var headers: HTTPHeaders = ["Content-Type": "text/plain", "Set-Cookie": "a", "set-cookie": "b"]
        #expect(headers["content-TYPE"] == "text/plain")
        #expect(headers["content-typ"] == nil)
        #expect(headers.all("SET-COOKIE") == ["a", "b"])
        headers.set("set-cookie", "c")
        headers.add("x", "")
        headers.remove("content-type")
        #expect(headers.map { "\($0.name)=\($0.value)" } == ["set-cookie=c", "x="])
        #expect(headers == ["set-cookie": "c", "x": ""])
        #expect(headers != ["set-cookie": "C", "x": ""])
    }

    @Test(
        "refuses names and values that cannot stand in a header",
        arguments: ["", "a b", "a:", "a\r", "\u{e9}", "a\u{0}"])
    func refusesNames(_ name: String) {
        var headers: HTTPHeaders = [:]
        let added = [
            headers.add(name, "v"), headers.add("x", "tab\t, \u{e9}"), headers.add("x", "del\u{7f}"),
            headers.set("x", "a\nb"),
        ]
        #expect(added == [false, true, false, false])
        #expect(headers == ["x": "tab\t, \u{e9}"])
    }

    @Test("parts a target into path and query, and decodes its values")
    func partsTargets() {
        let head = HTTPRequestHead(method: "GET", target: "/a%20b?x=1&y=a%2Bb+c&empty&bad=%zz&x=2&%66=g")
        #expect(head.path == "/a%20b")
        #expect(head.query == "x=1&y=a%2Bb+c&empty&bad=%zz&x=2&%66=g")
        #expect(head.queryValue("x") == "1")
        #expect(head.queryValue("y") == "a+b c")
        #expect(head.queryValue("empty") == "")
        #expect(head.queryValue("bad") == nil)
        #expect(head.queryValue("f") == "g")
        #expect(head.queryValue("none") == nil)
        #expect(HTTPRequestHead(method: "GET", target: "/a").query == "")
        #expect(HTTPRequestHead(method: "GET", target: "/a?").query == "")
    }

    static let encodings: [(String, String?)] = [
        ("", ""), ("a+b", "a+b"), ("%41%c3%A9", "A\u{e9}"), ("%", nil), ("%4", nil), ("%4g", nil),
        ("%ff", nil),
        ("%c3", nil), ("%00", "\u{0}"), ("\u{e9}", "\u{e9}"),
    ]

    @Test("decodes percent-encoding or says that it is broken", arguments: encodings)
    func decodes(_ text: String, _ decoded: String?) {
        #expect(PercentEncoding.decode(text) == decoded)
    }

    @Test("writes a problem as JSON, whatever the words are")
    func writesProblems() {
        let problem = Problem(
            status: 400, type: "/problems/x", title: "A \"t\"", detail: "\\ \n \u{1} \u{e9}")
        let text = String(decoding: problem.body, as: UTF8.self)
        let wanted = #"{"type":"/problems/x","title":"A \"t\"","status":400,"detail":"\\ \u000a \u0001 é"}"#
        #expect(text == wanted + "\n")
        let exchange = HTTPExchange(inMemory: HTTPRequestHead(method: "GET", target: "/"))
        problem.response(on: exchange, headers: ["retry-after": "1"])
        #expect(exchange.recorded?.status == 400)
        #expect(
            exchange.recorded?.headers == ["retry-after": "1", "content-type": "application/problem+json"])
        #expect(exchange.recorded?.text == text)
    }

    @Test("reports the end of an exchange once, however it ends")
    func reportsEnds() {
        let ends: [(Int, (HTTPExchange) -> Void)] = [
            (201, { $0.respond(status: 201) }),
            (
                202,
                {
                    $0.start(status: 202); $0.finish()
                }
            ),
            (
                203,
                {
                    $0.start(status: 203); $0.abort()
                }
            ),
            (499, { $0.abort() }),
            (
                499,
                {
                    $0.start(status: 200); $0.disconnected()
                }
            ),
        ]
        for (status, end) in ends {
            let exchange = HTTPExchange(inMemory: HTTPRequestHead(method: "GET", target: "/"))
            var seen: [Int] = []
            exchange.onFinished = { status, _ in seen.append(status) }
            end(exchange)
            exchange.respond(status: 500)
            exchange.finish()
            exchange.abort()
            exchange.disconnected()
            #expect(seen == [status])
            #expect(exchange.isEnded)
        }
    }
}
