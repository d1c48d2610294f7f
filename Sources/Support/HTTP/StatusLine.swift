/// The first lines of answers, made once.
enum StatusLine {
    /// Returns `HTTP/1.1 200 OK` and its line end; a status out of range is a 500.
    static func bytes(_ status: Int) -> [UInt8] {
        status == 101 ? switching : lines[(200...599).contains(status) ? status - 200 : 300]
    }

    private static let switching = Array("HTTP/1.1 101 Switching Protocols\r\n".utf8)
    private static let lines: [[UInt8]] = (200...599).map { status in
        Array("HTTP/1.1 \(status) \(reasons[status] ?? "Status")\r\n".utf8)
    }

    private static let reasons: [Int: String] = [
        200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
        301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
        307: "Temporary Redirect", 308: "Permanent Redirect",
        400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden",
        404: "Not Found",
        405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict",
        410: "Gone",
        411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large",
        414: "URI Too Long",
        415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed",
        422: "Unprocessable Content", 425: "Too Early", 426: "Upgrade Required",
        428: "Precondition Required",
        429: "Too Many Requests", 431: "Request Header Fields Too Large", 499: "Client Closed Request",
        500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
        503: "Service Unavailable",
        504: "Gateway Timeout", 505: "HTTP Version Not Supported", 507: "Insufficient Storage",
        529: "Overloaded",
    ]
}
