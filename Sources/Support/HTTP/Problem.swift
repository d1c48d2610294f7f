/// An error answer as `application/problem+json` (RFC 9457).
package struct Problem: Hashable, Sendable {
    /// The HTTP status.
    package var status: Int
    /// A stable reference that names the kind of problem, such as `/problems/not-found`.
    package var type: String
    /// The kind of problem in a few words.
    package var title: String
    /// This occurrence, and what to do about it.
    package var detail: String

    /// Creates a problem.
    package init(status: Int, type: String, title: String, detail: String) {
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
    }

    /// The body's bytes.
    package var body: [UInt8] {
        var body: [UInt8] = []
        for (key, value) in [("type", type), ("title", title)] {
            body.append(contentsOf: "\(body.isEmpty ? "{" : ",")\"\(key)\":".utf8)
            Problem.appendString(value, to: &body)
        }
        body.append(contentsOf: ",\"status\":\(status),\"detail\":".utf8)
        Problem.appendString(detail, to: &body)
        body.append(contentsOf: "}\n".utf8)
        return body
    }

    /// Answers `exchange` with the problem.
    package func response(on exchange: HTTPExchange, headers: HTTPHeaders = [:]) {
        exchange.respond(status: status, headers: fields(and: headers), body: body)
    }

    /// The extra fields, and the content type.
    func fields(and extra: HTTPHeaders) -> HTTPHeaders {
        var headers = extra
        headers.set("content-type", "application/problem+json")
        return headers
    }

    /// Appends `text` as a JSON string.
    private static func appendString(_ text: String, to body: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        body.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): body += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                body += "\\u00".utf8
                body += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: body.append(byte)
            }
        }
        body.append(UInt8(ascii: "\""))
    }
}
