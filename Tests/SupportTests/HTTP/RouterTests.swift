import HTTP
import TestSupport
import Testing

@Suite("Router")
struct RouterTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let request: String
        let status: Int
        let answer: String
        var allow: String?
        var testDescription: String { request }
    }

    static let cases: [Case] = [
        Case(request: "GET /", status: 200, answer: "/"),
        Case(request: "GET /usage/summary", status: 200, answer: "/usage/summary"),
        Case(request: "GET /usage/summary?x=1", status: 200, answer: "/usage/summary"),
        Case(request: "GET /usage/alice", status: 200, answer: "/usage/{user} user=alice"),
        Case(request: "GET /usage/a%2Fb%20c", status: 200, answer: "/usage/{user} user=a/b c"),
        Case(request: "GET /usage/summary%20", status: 200, answer: "/usage/{user} user=summary "),
        Case(request: "GET /usage/%zz", status: 400, answer: ""),
        Case(request: "GET /usage/", status: 404, answer: ""),
        Case(request: "GET /usage", status: 404, answer: ""),
        Case(request: "GET //usage/alice", status: 404, answer: ""),
        Case(request: "GET /usage/alice/x", status: 404, answer: ""),
        Case(request: "POST /usage/summary", status: 200, answer: "/usage/{user} POST user=summary"),
        Case(request: "DELETE /usage/alice", status: 405, answer: "", allow: "GET, HEAD, POST"),
        Case(request: "HEAD /usage/alice", status: 200, answer: ""),
        Case(request: "POST /v1/a/b/c", status: 200, answer: "/v1/* *=a/b/c"),
        Case(request: "POST /v1/", status: 200, answer: "/v1/* *="),
        Case(request: "POST /v1/models", status: 200, answer: "/v1/* *=models"),
        Case(request: "GET /v1/models", status: 200, answer: "/v1/models"),
        Case(request: "GET /v1/other", status: 405, answer: "", allow: "POST"),
        Case(request: "GET /x/1/y/2", status: 200, answer: "/x/{a}/y/{b} a=1 b=2"),
        Case(request: "GET /x/1/z/2", status: 200, answer: "/x/* *=1/z/2"),
    ]

    /// Registered from the general to the special: the order must not matter.
    private static func router(reversed: Bool) -> Router {
        let templates = [
            "POST /v1/*", "GET /x/*", "GET /usage/{user}", "POST /usage/{user}", "GET /x/{a}/y/{b}",
            "GET /v1/models",
            "GET /usage/summary", "GET /",
        ]
        var router = Router()
        for entry in reversed ? templates.reversed() : templates {
            let parts = entry.split(separator: " ").map(String.init)
            router.on(parts[0], parts[1]) { exchange, parameters in
                var answer = exchange.route
                if parts == ["POST", "/usage/{user}"] { answer += " POST" }
                for name in ["user", "a", "b", "*"] {
                    if let value = parameters[name] { answer += " \(name)=\(value)" }
                }
                exchange.respond(status: 200, body: Array(answer.utf8))
            }
        }
        return router
    }

    private func check(_ test: Case, status: Int, headers: HTTPHeaders, body: String) {
        #expect(status == test.status)
        #expect(headers["allow"] == test.allow)
        if status == 200 {
            #expect(body == test.answer)
        } else {
            #expect(headers["content-type"] == "application/problem+json")
        }
    }

    @Test("finds the most special route, in memory", arguments: cases, [false, true])
    func routesInMemory(_ test: Case, reversed: Bool) throws {
        let parts = test.request.split(separator: " ").map(String.init)
        let exchange = HTTPExchange(inMemory: HTTPRequestHead(method: parts[0], target: parts[1]))
        RouterTests.router(reversed: reversed).dispatch(exchange)
        let answer = try #require(exchange.recorded)
        #expect(answer.isComplete)
        check(test, status: answer.status, headers: answer.headers, body: answer.text)
        #expect(exchange.route != "other" || [404, 405].contains(answer.status))
    }

    @Test("finds the most special route, over a socket", arguments: cases)
    func routesOverSocket(_ test: Case) throws {
        let router = RouterTests.router(reversed: false)
        let live = try LiveServer { router.dispatch($0) }
        defer { live.stop() }
        let client = try RawClient(port: live.port)
        client.send("\(test.request) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let answer = try client.receiveAll()
        let split = try #require(answer.firstRange(of: "\r\n\r\n"))
        var headers: HTTPHeaders = [:]
        let lines = answer[..<split.lowerBound].split(separator: "\r\n")
        for line in lines.dropFirst() {
            let colon = try #require(line.firstRange(of: ": "))
            headers.add(String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
        }
        let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        check(test, status: status, headers: headers, body: String(answer[split.upperBound...]))
    }
}
