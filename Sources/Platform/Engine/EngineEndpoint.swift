/// Where a container engine listens, as `DOCKER_HOST` says it.
package struct EngineEndpoint: Hashable, Sendable {
    /// The socket file; nil for tcp.
    package let unixSocketPath: String?
    /// What requests' URLs begin with; a host name that means nothing for a socket file.
    package let urlPrefix: String

    /// The longest path that a socket's address can hold.
    static let pathBytesMax = 107

    /// Reads `unix:///path` or `tcp://host:port`.
    package init(_ text: String) throws(EngineEndpointError) {
        if text.hasPrefix("unix://") {
            let path = String(text.dropFirst("unix://".count))
            guard path.hasPrefix("/"), path.utf8.count > 1, !path.utf8.contains(0) else {
                throw EngineEndpointError(text, "unix:// is followed by an absolute path")
            }
            guard path.utf8.count <= Self.pathBytesMax else {
                throw EngineEndpointError(text, "a socket's path has at most \(Self.pathBytesMax) bytes")
            }
            unixSocketPath = path
            urlPrefix = "http://engine"
        } else if text.hasPrefix("tcp://") {
            unixSocketPath = nil
            urlPrefix = "http://" + (try Self.authority(of: text))
        } else {
            throw EngineEndpointError(text, "it begins with unix:// or tcp://")
        }
    }

    /// `host:port`, where both are there and nothing else is.
    private static func authority(of text: String) throws(EngineEndpointError) -> String {
        var authority = text.dropFirst("tcp://".count)
        if authority.last == "/" { authority = authority.dropLast() }
        guard let colon = authority.lastIndex(of: ":"),
            let port = UInt16(authority[authority.index(after: colon)...]), port > 0
        else { throw EngineEndpointError(text, "tcp:// is followed by host:port") }
        let host = authority[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.utf8.count > 2
        let name = isBracketed ? host.dropFirst().dropLast() : host
        let isLegal = name.utf8.allSatisfy { byte in
            isBracketed ? isHostByte(byte) || byte == UInt8(ascii: ":") : isHostByte(byte)
        }
        guard !name.isEmpty, isLegal else {
            throw EngineEndpointError(text, "the host is a name or an address (IPv6 in brackets)")
        }
        return "\(host):\(port)"
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// A text that names no container engine.
package struct EngineEndpointError: Error, Hashable, Sendable {
    /// What is wrong with it, and what would be right.
    package let reason: String

    init(_ text: String, _ rule: String) {
        reason =
            "\"\(text.prefix(200))\" is not a container engine's address: \(rule). "
            + "Examples: unix:///var/run/docker.sock, tcp://127.0.0.1:2375"
    }
}
