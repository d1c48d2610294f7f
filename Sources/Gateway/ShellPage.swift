import Crypto
import HTTP
package import Service

/// `GET /` and what it loads: the web shell, carried by the binary.
///
/// A browser asks each time whether its copy is current, so a new binary is a new page at once.
package struct ShellPage {
    /// One file: its bytes and how it is answered.
    private struct File {
        let path: String
        let bytes: [UInt8]
        let etag: String
        let headers: HTTPHeaders

        init(_ path: String, _ type: String, _ text: String) {
            self.path = path
            bytes = Array(text.utf8)
            etag = "\"\(SHA256.hash(of: bytes))\""
            headers = [
                "content-type": type,
                "etag": etag,
                "cache-control": "no-cache",
                "content-security-policy": ShellPage.contentSecurityPolicy,
                "x-content-type-options": "nosniff",
                "referrer-policy": "no-referrer",
            ]
        }
    }

    /// Own files only, nothing inline, nothing that frames the page.
    package static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    private let files = [
        File("/", "text/html; charset=utf-8", EmbeddedShell.page),
        File("/shell.css", "text/css; charset=utf-8", EmbeddedShell.style),
        File("/shell.js", "text/javascript; charset=utf-8", EmbeddedShell.script),
        File("/icon.svg", "image/svg+xml", EmbeddedShell.icon),
    ]

    /// Hashes the files.
    package init() {}

    /// Adds the routes to `shell`.
    package func register(on shell: ServiceShell) {
        for file in files {
            shell.router.on("GET", file.path) { exchange, _ in
                let known = exchange.head.headers.all("if-none-match")
                if known.contains(where: { Self.names(file.etag, in: $0) }) {
                    exchange.respond(status: 304, headers: file.headers)
                } else {
                    exchange.respond(status: 200, headers: file.headers, body: file.bytes)
                }
            }
        }
    }

    /// Whether a list of entity tags has this one; weak and strong tags are the same here (RFC 9110, 13.1.2).
    private static func names(_ etag: String, in list: String) -> Bool {
        list.split(separator: ",").contains { item in
            let item = item.drop { $0 == " " || $0 == "\t" }.split(separator: " ").first ?? ""
            return item == "*" || item == etag || item == "W/\(etag)"
        }
    }
}
