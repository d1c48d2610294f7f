import Crypto
import HTTP

/// One file of a page that the program carries: its bytes, and how they are answered.
///
/// A browser asks each time whether its copy is current, so a new program is a new page at once.
package struct PageFile: Sendable {
    private let path: String
    private let bytes: [UInt8]
    private let etag: String
    private let headers: HTTPHeaders

    /// Own files only, nothing inline, nothing that frames the page.
    package static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    /// What a file is.
    package enum Kind: String, Sendable {
        case page = "text/html; charset=utf-8"
        case style = "text/css; charset=utf-8"
        case script = "text/javascript; charset=utf-8"
        case icon = "image/svg+xml"
    }

    /// Creates a file at `path`; hashes its bytes.
    package init(_ path: String, _ kind: Kind, _ bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        etag = "\"\(SHA256.hash(of: bytes))\""
        headers = [
            "content-type": kind.rawValue,
            "etag": etag,
            "cache-control": "no-cache",
            "content-security-policy": Self.contentSecurityPolicy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
        ]
    }

    /// Creates a file of text.
    package init(_ path: String, _ kind: Kind, _ text: String) { self.init(path, kind, Array(text.utf8)) }

    /// Adds the file's route to `shell`.
    package func register(on shell: ServiceShell) {
        shell.router.on("GET", path) { exchange, _ in
            let known = exchange.head.headers.all("if-none-match")
            if known.contains(where: names) {
                exchange.respond(status: 304, headers: headers)
            } else {
                exchange.respond(status: 200, headers: headers, body: bytes)
            }
        }
    }

    /// Whether a list of entity tags has this one's; weak and strong tags are the same here (RFC 9110,
    /// 13.1.2).
    private func names(_ list: String) -> Bool {
        list.split(separator: ",").contains { item in
            let item = item.drop { $0 == " " || $0 == "\t" }.split(separator: " ").first ?? ""
            return item == "*" || item == etag || item == "W/\(etag)"
        }
    }
}
