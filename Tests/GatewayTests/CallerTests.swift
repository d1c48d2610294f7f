import Access
import HTTP
import LedgerCore
import Testing

@testable import Gateway

@Suite("Caller and GatewayAccess")
struct CallerTests {
    private func caller(_ headers: HTTPHeaders) throws(CallerRefused) -> Caller { try caller("GET", headers) }

    private func caller(_ method: String, _ headers: HTTPHeaders) throws(CallerRefused) -> Caller {
        let exchange = HTTPExchange(
            inMemory: HTTPRequestHead(method: method, target: "/x", headers: headers))
        return try GatewayRoutesFixture.access.identify(exchange)
    }

    private func cookie(_ user: String) throws -> String {
        "theme=dark; \(GatewayAccess.cookieName)=\(try GatewayRoutesFixture.key(user)); a=b"
    }

    @Test("A key says who it is, in each of its places, and the exchange learns the name")
    func keys() throws {
        let ann = Caller.user(try #require(UserID("ann@x.org:+1")))
        let key = try GatewayRoutesFixture.key("ann@x.org:+1")
        #expect(try caller(["x-api-key": key]) == ann)
        #expect(try caller(["authorization": "Bearer \(key)"]) == ann)
        #expect(try caller(["cookie": "\(GatewayAccess.cookieName)=\(key)"]) == ann)
        #expect(try caller(GatewayRoutesFixture.asAdmin) == .admin)
        let exchange = HTTPExchange(
            inMemory: HTTPRequestHead(method: "GET", target: "/", headers: ["x-api-key": key]))
        _ = try GatewayRoutesFixture.access.identify(exchange)
        #expect(exchange.user == "ann@x.org:+1")
    }

    @Test("Of two keys the one in x-api-key counts, as it does for the Proxy")
    func twoKeys() throws {
        let bearer = "Bearer \(try GatewayRoutesFixture.key("ann"))"
        let bob = Caller.user(try #require(UserID("bob")))
        #expect(
            try caller(["authorization": bearer, "x-api-key": try GatewayRoutesFixture.key("bob")]) == bob)
        #expect(throws: CallerRefused.unknown) { try caller(["authorization": bearer, "x-api-key": "x"]) }
    }

    @Test("The token of the administrator is a bearer token and no other")
    func admin() {
        let token = GatewayRoutesFixture.adminToken
        for (headers, isGranted): (HTTPHeaders, Bool) in [
            (["authorization": "Bearer \(token)"], true), (["authorization": "bearer \(token)"], true),
            (["authorization": token], false), (["authorization": "Bearer \(token)x"], false),
            (["authorization": "Bearer  \(token)"], false), (["x-api-key": token], false), ([:], false),
        ] {
            let head = HTTPRequestHead(method: "GET", target: "/", headers: headers)
            #expect(AdminAccess.isGranted(HTTPExchange(inMemory: head), token: token) == isGranted)
        }
    }

    @Test("A wrong key is refused, whatever cookie comes with it")
    func wrongKeys() throws {
        let key = try GatewayRoutesFixture.key("ann")
        let cookie = try cookie("ann")
        for headers: HTTPHeaders in [
            [:], ["x-api-key": ""], ["x-api-key": "x" + key], ["x-api-key": key + "x"],
            ["x-api-key": key.replacing("ann", with: "bob")], ["authorization": "Bearer "],
            ["authorization": "Basic YTpi", "cookie": cookie], ["x-api-key": "sk-proxy-", "cookie": cookie],
            ["authorization": "Bearer admin-token-of-the-test", "cookie": cookie],
            ["cookie": "x\(cookie)".replacing(GatewayAccess.cookieName, with: "other")],
            ["cookie": "\(GatewayAccess.cookieName)="], ["cookie": "\(GatewayAccess.cookieName)"],
            ["x-api-key": GatewayRoutesFixture.adminToken],
        ] {
            #expect(throws: CallerRefused.unknown) { try caller(headers) }
        }
    }

    /// Method, then fields beside host and cookie, then whether the cookie counts.
    static let origins: [(method: String, fields: HTTPHeaders, counts: Bool)] = [
        ("GET", [:], true),
        ("GET", ["origin": "http://gateway:4000"], true),
        ("GET", ["origin": "HTTP://Gateway:4000"], true),
        ("GET", ["origin": "https://gateway:4000"], true),
        ("GET", ["origin": "http://gateway:4000", "x-forwarded-proto": "https"], false),
        ("GET", ["origin": "https://gateway:4000", "x-forwarded-proto": "https"], true),
        ("GET", ["origin": "http://gateway"], false),
        ("GET", ["origin": "http://gateway:4000.evil.org"], false),
        ("GET", ["origin": "http://evil.org"], false),
        ("GET", ["origin": "null"], false),
        ("GET", ["origin": ""], false),
        ("GET", ["origin": "http://gateway:4000", "Origin": "http://evil.org"], false),
        ("POST", [:], false),
        ("DELETE", [:], false),
        ("POST", ["sec-fetch-site": "same-origin"], true),
        ("POST", ["sec-fetch-site": "same-site"], false),
        ("POST", ["sec-fetch-site": "same-origin", "origin": "http://evil.org"], false),
        ("POST", ["origin": "http://gateway:4000"], true),
    ]

    @Test("The cookie counts for this site's own pages only", arguments: origins)
    func sameOrigin(_ row: (method: String, fields: HTTPHeaders, counts: Bool)) throws {
        var headers = row.fields
        headers.add("host", "gateway:4000")
        headers.add("cookie", try cookie("ann"))
        if row.counts {
            #expect(try caller(row.method, headers) == .user(#require(UserID("ann"))))
        } else {
            #expect(throws: CallerRefused.foreignOrigin) { try caller(row.method, headers) }
        }
        // A key in a header needs no such care: no browser adds it by itself.
        headers.add("x-api-key", try GatewayRoutesFixture.key("bob"))
        #expect(try caller(row.method, headers) == .user(#require(UserID("bob"))))
    }
}
