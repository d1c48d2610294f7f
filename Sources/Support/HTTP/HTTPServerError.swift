/// Why a server cannot listen.
package enum HTTPServerError: Error, Hashable, Sendable {
    /// The host is not an IPv4 or IPv6 address.
    case badAddress(String)
    /// The port is not between 0 and 65535.
    case badPort(Int)
    /// The system refused the socket, with its reason.
    case cannotListen(host: String, port: Int, reason: String)
    /// The server is draining or closed.
    case draining
}
