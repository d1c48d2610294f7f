/// The first part of a request: what is asked for, and the header fields.
package struct HTTPRequestHead: Sendable {
    /// The method, in upper case.
    package let method: String
    /// The request target as it came, still percent-encoded.
    package let target: String
    /// The target up to the `?`, still percent-encoded.
    package let path: String
    /// The header fields.
    package var headers: HTTPHeaders
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    package let minorVersion: Int

    /// Creates a head from its parts.
    package init(method: String, target: String, headers: HTTPHeaders = [:], minorVersion: Int = 1) {
        self.method = method
        self.target = target
        if let question = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = String(target[..<question])
        } else {
            path = target
        }
        self.headers = headers
        self.minorVersion = minorVersion
    }

    /// The target after the `?`, still percent-encoded; empty when there is none.
    package var query: String { String(target.utf8.dropFirst(path.utf8.count + 1)) ?? "" }

    /// The first value of a query parameter, decoded; nil when it is absent or wrongly encoded.
    package func queryValue(_ name: String) -> String? {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = parts.first, PercentEncoding.decode(key, plusIsSpace: true) == name else {
                continue
            }
            return PercentEncoding.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
        }
        return nil
    }
}
