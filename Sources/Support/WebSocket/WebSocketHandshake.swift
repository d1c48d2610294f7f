import Crypto
package import HTTP

/// The request that asks for a WebSocket, checked (RFC 6455 §4.2).
package struct WebSocketHandshake: Hashable, Sendable {
    /// What `sec-websocket-accept` answers.
    package let acceptKey: String

    /// Checks a request.
    package init(_ exchange: HTTPExchange) throws(WebSocketRefusal) {
        let head = exchange.head
        guard head.method == "GET", exchange.body.isEmpty else { throw .method }
        guard head.minorVersion == 1, Self.tokens("upgrade", head.headers).contains("websocket"),
            Self.tokens("connection", head.headers).contains("upgrade")
        else { throw .noUpgrade }
        guard head.headers.all("sec-websocket-version") == ["13"] else { throw .version }
        let keys = head.headers.all("sec-websocket-key")
        guard keys.count == 1, Base64.isEncoding(keys[0], ofBytes: 16) else { throw .key }
        acceptKey = Base64.encode(SHA1.hash(of: Array((keys[0] + Self.magic).utf8)))
    }

    private static let magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// The comma-separated values of a field, in lower case.
    private static func tokens(_ name: String, _ headers: HTTPHeaders) -> [String] {
        headers.all(name).flatMap { $0.split(separator: ",") }
            .map { token in
                let isBlank = { (character: Character) in character == " " || character == "\t" }
                let rest = token.drop(while: isBlank)
                return String(rest.reversed().drop(while: isBlank).reversed()).lowercased()
            }
    }
}

/// Why a request does not become a WebSocket.
package enum WebSocketRefusal: Error, Hashable, Sendable {
    /// Not a GET, or one with a body.
    case method
    /// It does not ask to leave HTTP for a WebSocket.
    case noUpgrade
    /// It asks for another version of the protocol.
    case version
    /// Its key is not sixteen bytes in base64.
    case key

    /// Answers the request.
    package func response(on exchange: HTTPExchange) {
        problem.response(on: exchange, headers: headers)
    }

    private var headers: HTTPHeaders {
        switch self {
        case .noUpgrade, .version:
            ["sec-websocket-version": "13", "upgrade": "websocket", "connection": "upgrade"]
        case .method, .key: [:]
        }
    }

    private var problem: Problem {
        switch self {
        case .method:
            Problem(
                status: 400, type: "/problems/bad-handshake", title: "Not a WebSocket handshake",
                detail: "A WebSocket begins with a GET without a body.")
        case .noUpgrade:
            Problem(
                status: 426, type: "/problems/upgrade-required", title: "A WebSocket is needed here",
                detail: "Ask over HTTP/1.1 with connection: upgrade and upgrade: websocket.")
        case .version:
            Problem(
                status: 426, type: "/problems/upgrade-required", title: "Another version is needed",
                detail: "Only sec-websocket-version 13 is spoken here.")
        case .key:
            Problem(
                status: 400, type: "/problems/bad-handshake", title: "Not a WebSocket handshake",
                detail: "One sec-websocket-key of sixteen bytes in base64 is needed.")
        }
    }
}
