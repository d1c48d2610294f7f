import Crypto
import HTTP
package import Service

/// `GET /admin` and what it loads, carried by the binary; Chart.js comes from the machine.
///
/// The page itself is for everybody: what it shows it asks for with the administrator's token.
package struct AdminPage {
    private let files: [File]

    /// One file: its bytes and how it is answered.
    private struct File {
        let path: String
        let bytes: [UInt8]
        let etag: String
        let headers: HTTPHeaders

        init(_ path: String, _ type: String, _ bytes: [UInt8]) {
            self.path = path
            self.bytes = bytes
            etag = "\"\(SHA256.hash(of: bytes))\""
            headers = [
                "content-type": type,
                "etag": etag,
                "cache-control": "no-cache",
                "content-security-policy": AdminPage.contentSecurityPolicy,
                "x-content-type-options": "nosniff",
                "referrer-policy": "no-referrer",
            ]
        }
    }

    /// Own files only, nothing inline, nothing that frames the page.
    package static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    /// Hashes the files; without Chart.js the page says that it has no charts.
    package init(chartScript: [UInt8]?) {
        let script = "text/javascript; charset=utf-8"
        files = [
            File("/admin", "text/html; charset=utf-8", Array(EmbeddedAdmin.page.utf8)),
            File("/admin/admin.css", "text/css; charset=utf-8", Array(EmbeddedAdmin.style.utf8)),
            File("/admin/admin.js", script, Array(EmbeddedAdmin.script.utf8)),
            File("/admin/chart.js", script, chartScript ?? Array("// Chart.js is not installed.\n".utf8)),
            File("/admin/icon.svg", "image/svg+xml", Array(EmbeddedAdmin.icon.utf8)),
        ]
    }

    /// Adds the routes to `shell`.
    package func register(on shell: ServiceShell) {
        for file in files {
            shell.router.on("GET", file.path) { exchange, _ in
                let known = exchange.head.headers.all("if-none-match")
                if known.contains(where: { $0.contains(file.etag) }) {
                    exchange.respond(status: 304, headers: file.headers)
                } else {
                    exchange.respond(status: 200, headers: file.headers, body: file.bytes)
                }
            }
        }
    }
}
