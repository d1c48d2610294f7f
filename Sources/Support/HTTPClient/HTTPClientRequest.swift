package import HTTP

/// One request, whole in memory.
///
/// `Content-Length`, `Transfer-Encoding` and `Expect` are the client's own: fields of these names are left
/// out.
package struct HTTPClientRequest: Sendable {
    /// The method, a token such as `POST`.
    package var method: String

    /// An absolute http or https URL, percent-encoded.
    package var url: String

    /// Sent in this order, and nothing added but `Host` and `Content-Length`.
    package var headers: HTTPHeaders

    /// The body; sent with a length, never chunked.
    package var body: [UInt8]

    /// How long no byte may go either way; 0 means no limit.
    package var idleTimeoutMilliseconds: Int

    /// How long the whole transfer may last; 0 means no limit.
    package var totalTimeoutMilliseconds: Int

    /// Connects to this socket file instead of the URL's host.
    package var unixSocketPath: String?

    /// A request; waits at most a minute for a byte and ten for all.
    package init(
        method: String = "GET", url: String, headers: HTTPHeaders = [:], body: [UInt8] = [],
        idleTimeoutMilliseconds: Int = 60_000, totalTimeoutMilliseconds: Int = 600_000,
        unixSocketPath: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.idleTimeoutMilliseconds = idleTimeoutMilliseconds
        self.totalTimeoutMilliseconds = totalTimeoutMilliseconds
        self.unixSocketPath = unixSocketPath
    }
}
