import HTTP

/// Whether a page of this very site made a request, as far as the browser says.
enum SameOrigin {
    /// Whether a cookie may count for the request.
    ///
    /// An `origin` must be that of `host`. What changes something must come with one, or with the browser's
    /// word that it is of the same origin.
    static func holds(for head: HTTPRequestHead) -> Bool {
        let origins = head.headers.all("origin")
        if !origins.isEmpty { return isOwn(origins, head) }
        return safeMethods.contains(head.method) || head.headers["sec-fetch-site"] == "same-origin"
    }

    /// Whether the request names no other site; for requests that carry their own key.
    static func isNotForeign(_ head: HTTPRequestHead) -> Bool {
        let origins = head.headers.all("origin")
        return origins.isEmpty || isOwn(origins, head)
    }

    /// Whether the client speaks TLS, to a proxy before this server.
    static func isSecure(_ head: HTTPRequestHead) -> Bool {
        head.headers["x-forwarded-proto"]?.lowercased() == "https"
    }

    private static func isOwn(_ origins: [String], _ head: HTTPRequestHead) -> Bool {
        guard origins.count == 1, let origin = origins.first?.lowercased(),
            let host = head.headers["host"]?.lowercased(), !host.isEmpty
        else { return false }
        // A proxy that ends TLS need not say so: without its word both schemes are this host's.
        let schemes = head.headers["x-forwarded-proto"].map { [$0.lowercased()] } ?? ["http", "https"]
        return schemes.contains { origin == "\($0)://\(host)" }
    }

    private static let safeMethods: Set<String> = ["GET", "HEAD", "OPTIONS"]
}

/// The cookies of a request.
enum Cookies {
    /// The first value of the cookie called `name`.
    static func value(_ name: String, in headers: HTTPHeaders) -> String? {
        for header in headers.all("cookie") {
            for pair in header.split(separator: ";") {
                let pair = pair.drop { $0 == " " || $0 == "\t" }
                guard pair.hasPrefix(name + "=") else { continue }
                return String(pair.dropFirst(name.utf8.count + 1))
            }
        }
        return nil
    }
}
