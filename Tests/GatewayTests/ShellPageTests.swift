import Crypto
import Foundation
import HTTP
import Metrics
import Service
import Testing

@testable import Gateway

@Suite("ShellPage")
struct ShellPageTests {
    private static let files = [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/shell.css", "shell.css", "text/css; charset=utf-8"),
        ("/shell.js", "shell.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "icon.svg", "image/svg+xml"),
    ]

    private static let sources = URL(filePath: #filePath)
        .deletingLastPathComponent().appending(path: "../../Sources/Gateway/Web").standardizedFileURL

    private func ask(
        _ path: String, method: String = "GET", tags: [String] = []
    ) throws -> RecordedResponse {
        let set = MetricSet()
        let shell = ServiceShell(
            named: "gateway", set: set, scrape: { set.render($0) }, health: { HealthReport(.ok, parts: []) })
        ShellPage().register(on: shell)
        var headers = HTTPHeaders()
        for tag in tags { headers.add("if-none-match", tag) }
        let exchange = HTTPExchange(
            inMemory: HTTPRequestHead(method: method, target: path, headers: headers))
        shell.handle(exchange)
        return try #require(exchange.recorded)
    }

    @Test("serves each file byte for byte, under its type", arguments: files)
    func served(_ path: String, _ name: String, _ type: String) throws {
        let answer = try ask(path)
        let bytes = [UInt8](try Data(contentsOf: Self.sources.appending(path: name)))
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == type)
        #expect(answer.body == bytes)
        #expect(answer.headers["etag"] == "\"\(SHA256.hash(of: bytes))\"")
        #expect(answer.headers["cache-control"] == "no-cache")
    }

    @Test("lets nothing run but its own files", arguments: files)
    func policy(_ path: String, _ name: String, _ type: String) throws {
        let headers = try ask(path).headers
        let policy = try #require(headers["content-security-policy"])
        let parts = policy.split(separator: "; ").map(String.init)
        #expect(parts.first == "default-src 'none'")
        #expect(parts.contains("script-src 'self'") && parts.contains("style-src 'self'"))
        #expect(parts.contains("frame-ancestors 'none'") && parts.contains("base-uri 'none'"))
        #expect(!policy.contains("unsafe") && !policy.contains("*"))
        #expect(headers["x-content-type-options"] == "nosniff")
        #expect(headers["referrer-policy"] == "no-referrer")
    }

    @Test("answers 304 to a browser that has the current copy", arguments: ["", "W/", "list", "*"])
    func notModified(_ form: String) throws {
        let etag = try #require(try ask("/shell.js").headers["etag"])
        let tag =
            switch form {
            case "list": "\"other\", \(etag) , \"more\""
            case "*": "*"
            default: form + etag
            }
        let answer = try ask("/shell.js", tags: [tag])
        #expect(answer.status == 304)
        #expect(answer.body.isEmpty)
        #expect(answer.headers["etag"] == etag)
    }

    @Test(
        "serves the whole file to a browser with another copy", arguments: ["\"old\"", "W/\"\"", ",", "  "])
    func modified(_ tag: String) throws {
        let answer = try ask("/shell.css", tags: [tag])
        #expect(answer.status == 200)
        #expect(!answer.body.isEmpty)
    }

    @Test("answers HEAD without a body, and takes no other method")
    func methods() throws {
        let head = try ask("/", method: "HEAD")
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(try ask("/", method: "POST").status == 405)
    }

    @Test("weighs less than 60 kB, and loads nothing from elsewhere")
    func weight() throws {
        let texts = try Self.files.map { try ask($0.0).text }
        #expect(texts.reduce(0) { $0 + $1.utf8.count } < 60_000)
        let page = texts[0]
        #expect(!page.contains("http:") && !page.contains("https:"))
        #expect(!page.contains("<style") && !page.contains("style=") && !page.contains("onclick"))
        let loaded = page.matches(of: #/(?:src|href)="([^"#]+)"/#).map { String($0.output.1) }
        #expect(Set(loaded) == ["/icon.svg", "/shell.css", "/shell.js"])
        #expect(!texts[1].contains("url(") && !texts[1].contains("@import"))
    }

    @Test(
        "never turns text into markup", arguments: ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval("])
    func noMarkup(_ word: String) {
        #expect(!EmbeddedShell.script.contains(word))
    }
}
