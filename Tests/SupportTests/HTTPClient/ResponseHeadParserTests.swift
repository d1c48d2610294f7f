import HTTP
import Testing

@testable import HTTPClient

@Suite("ResponseHeadParser")
struct ResponseHeadParserTests {
    /// Feeds `lines` and returns the last outcome in words.
    private func outcome(_ lines: [String], fieldsMax: Int = 3, bytesMax: Int = 200) -> String {
        var parser = ResponseHeadParser(fieldsMax: fieldsMax, bytesMax: bytesMax)
        var last = "more"
        for line in lines {
            switch Array(line.utf8).withUnsafeBytes({ parser.feed($0) }) {
            case .more: last = "more"
            case .head(let head):
                last =
                    "\(head.status) " + head.headers.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
            case .refused(let reason): return reason
            }
        }
        return last
    }

    static let heads: [([String], String)] = [
        (["HTTP/1.1 200 OK\r\n", "A:  1 \t\r\n", "a:\r\n", "\r\n"], "200 A=1,a="),
        (["HTTP/2 204 \r\n", "\r\n"], "204 "),
        (["HTTP/1.1 100 Continue\r\n", "A: 1\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "\r\n"], "200 "),
        (["HTTP/1.1 200 OK\r\n", "\r\n", "Trailer: 1\r\n"], "more"),
        (["HTTP/1.1 2x0 OK\r\n"], "response status is not a number"),
        (["HTTP/1.1 099 OK\r\n"], "response status below 100"),
        (["hello\r\n"], "response does not begin with an HTTP status line"),
        (["\r\n"], "response head is empty"),
        (["HTTP/1.1 200 OK\r\n", "A: 1\r\n", " 2\r\n"], "response has a folded header field"),
        (["HTTP/1.1 200 OK\r\n", " \r\n"], "response has a folded header field"),
        (["HTTP/1.1 200 OK\r\n", ": 1\r\n"], "response has a header line without a name"),
        (["HTTP/1.1 200 OK\r\n", "no colon\r\n"], "response has a header line without a name"),
        (["HTTP/1.1 200 OK\r\n", "A B: 1\r\n"], "response has a malformed header field"),
        (
            ["HTTP/1.1 200 OK\r\n", "A: 1\r\n", "A: 2\r\n", "A: 3\r\n", "A: 4\r\n"],
            "response has more than 3 header fields"
        ),
        (["HTTP/1.1 200 " + String(repeating: "x", count: 200)], "response head longer than 200 bytes"),
    ]

    @Test("lines become a head, or a reason to refuse it", arguments: heads)
    func lines(_ lines: [String], _ expected: String) { #expect(outcome(lines) == expected) }

    @Test("sixteen interim heads are borne, one more is not")
    func interims() {
        let one = ["HTTP/1.1 103 Early\r\n", "\r\n"]
        let borne = Array(repeating: one, count: 16).flatMap(\.self)
        #expect(outcome(borne + ["HTTP/1.1 200 OK\r\n", "\r\n"], bytesMax: 9999) == "200 ")
        #expect(outcome(borne + one, bytesMax: 9999) == "endless interim responses")
    }
}
