import Wire
import HTTP

/// Which header fields pass, each way.
enum UpstreamHeaders {
    /// The client's fields for the provider: no credentials of ours, nothing about the hop, the provider's
    /// own key.
    static func request(_ head: HTTPRequestHead, provider: Provider, key: String) -> HTTPHeaders {
        let named = connectionNamed(head.headers)
        var headers = HTTPHeaders()
        head.headers.forEachRaw { name, value in
            guard !dropped.contains(name), !isOurs(name), !isIn(named, name) else { return }
            headers.add(name, value)
        }
        switch provider {
        case .anthropic: headers.add("x-api-key", key)
        case .openai: headers.add("authorization", "Bearer \(key)")
        case .gemini: headers.add("x-goog-api-key", key)
        }
        // Usage is read from the bytes as they pass, so they must come as they are.
        headers.add("accept-encoding", "identity")
        return headers
    }

    /// The provider's fields for the client.
    static func response(_ upstream: HTTPHeaders) -> HTTPHeaders {
        let named = connectionNamed(upstream)
        var headers = HTTPHeaders()
        upstream.forEachRaw { name, value in
            guard !heldBack.contains(name), !isIn(named, name) else { return }
            headers.add(name, value)
        }
        return headers
    }

    /// Names that only this proxy, or one before it, may give.
    private static func isOurs(_ name: UnsafeRawBufferPointer) -> Bool {
        FieldNames.starts(name, with: "x-ledger-") || FieldNames.starts(name, with: "x-forwarded-")
            || FieldNames.starts(name, with: "proxy-")
    }

    private static func isIn(_ named: Set<String>, _ name: UnsafeRawBufferPointer) -> Bool {
        !named.isEmpty && named.contains(String(decoding: name, as: UTF8.self).lowercased())
    }

    private static let hopByHop = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
        "trailer",
        "transfer-encoding", "upgrade", "alt-svc",
    ]

    private static let heldBack = FieldNames(hopByHop + ["content-length"])

    private static let dropped = FieldNames(
        hopByHop + [
            "host", "content-length", "accept-encoding", "authorization", "x-api-key", "x-goog-api-key",
            "cookie",
            "expect", "forwarded", "x-user", "x-matrix-user", "x-real-ip", "x-dispatch-id", "x-session-id",
            // The method decides what is free: a provider may not be told another one.
            "x-http-method", "x-http-method-override", "x-method-override",
            // Nor may it leave out what was used.
            "x-goog-fieldmask",
        ])

    private static func connectionNamed(_ headers: HTTPHeaders) -> Set<String> {
        var names: Set<String> = []
        for value in headers.all("connection") {
            for name in value.split(separator: ",") {
                names.insert(name.trimmingSpaces.lowercased())
            }
        }
        return names
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
