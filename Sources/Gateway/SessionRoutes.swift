import Access
import HTTP
import JSON
import LedgerCore
package import Service

/// `POST`, `GET` and `DELETE /api/session`: the web shell's sign-in, kept in a cookie.
///
/// The cookie's value is the user's key, which proves itself: there is nothing to store.
package struct SessionRoutes {
    /// The longest body that is looked at.
    package static let bodyBytesMax = 4_096
    private static let lifetimeSeconds = 2_592_000

    private let access: GatewayAccess

    /// Creates the routes.
    package init(access: GatewayAccess) { self.access = access }

    /// Adds the routes to `shell`.
    package func register(on shell: ServiceShell) {
        shell.router.on("POST", "/api/session") { [self] exchange, _ in signIn(exchange) }
        shell.router.on("GET", "/api/session") { [self] exchange, _ in show(exchange) }
        shell.router.on("DELETE", "/api/session") { [self] exchange, _ in signOut(exchange) }
    }

    private func signIn(_ exchange: HTTPExchange) {
        guard SameOrigin.isNotForeign(exchange.head) else {
            return CallerRefused.foreignOrigin.respond(on: exchange)
        }
        guard let key = Self.key(in: exchange.body) else {
            return Problem(
                status: 400, type: "/problems/session", title: "Not a sign-in",
                detail: #"Send {"key":"sk-proxy-…"}."#
            ).response(on: exchange)
        }
        guard let user = access.user(of: key) else {
            return Problem(
                status: 401, type: "/problems/key", title: "Not a key",
                detail: "This is not a key of this ledger; `dledger keys mint USER` makes one."
            ).response(on: exchange, headers: ["cache-control": "no-store"])
        }
        exchange.user = user.text
        setCookie(key, lifetimeSeconds: Self.lifetimeSeconds, on: exchange)
    }

    private func show(_ exchange: HTTPExchange) {
        guard let caller = access.caller(of: exchange) else { return }
        let body = JSONText.object {
            $0.member("user", caller.user?.text)
            if caller == .admin { $0.member("admin", true) }
        }
        exchange.respond(
            status: 200, headers: ["content-type": "application/json", "cache-control": "no-store"],
            body: body)
    }

    private func signOut(_ exchange: HTTPExchange) {
        guard SameOrigin.isNotForeign(exchange.head) else {
            return CallerRefused.foreignOrigin.respond(on: exchange)
        }
        setCookie("", lifetimeSeconds: 0, on: exchange)
    }

    private func setCookie(_ value: String, lifetimeSeconds: Int, on exchange: HTTPExchange) {
        var cookie = "\(GatewayAccess.cookieName)=\(value); HttpOnly; SameSite=Strict; Path=/"
        cookie += "; Max-Age=\(lifetimeSeconds)"
        if SameOrigin.isSecure(exchange.head) { cookie += "; Secure" }
        exchange.respond(status: 204, headers: ["set-cookie": cookie, "cache-control": "no-store"])
    }

    private static func key(in body: [UInt8]) -> String? {
        guard body.count <= bodyBytesMax, let document = try? JSONDocument.parse(body) else { return nil }
        return document.root["key" as StaticString]?.string
    }
}
