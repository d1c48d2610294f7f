import HTTP
import Testing

@testable import Gateway

@Suite("Session routes")
struct SessionRoutesTests {
    private func routes(_ transport: Transport) throws -> GatewayRoutesFixture {
        try GatewayRoutesFixture(transport) { shell, _ in
            SessionRoutes(access: GatewayRoutesFixture.access).register(on: shell)
        }
    }

    @Test("A key signs in, is known by its cookie, and signs out", arguments: Transport.allCases)
    func session(_ transport: Transport) throws {
        let gateway = try routes(transport)
        defer { gateway.stop() }
        let key = try GatewayRoutesFixture.key("ann")
        let own: HTTPHeaders = ["origin": "http://gateway"]
        let signedIn = try gateway.send("POST", "/api/session", own, #"{"key":"\#(key)"}"#)
        #expect(signedIn.status == 204)
        #expect(
            signedIn.headers["set-cookie"]
                == "dledger_key=\(key); HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000")
        let shown = try gateway.send("GET", "/api/session", ["cookie": "dledger_key=\(key)"])
        #expect(shown.status == 200)
        #expect(shown.text == #"{"user":"ann"}"#)
        #expect(shown.headers["cache-control"] == "no-store")
        let signedOut = try gateway.send("DELETE", "/api/session", own)
        #expect(signedOut.status == 204)
        #expect(
            signedOut.headers["set-cookie"]
                == "dledger_key=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0")
        #expect(try gateway.send("GET", "/api/session").status == 401)
        let admin = try gateway.send("GET", "/api/session", GatewayRoutesFixture.asAdmin)
        #expect(admin.text == #"{"user":null,"admin":true}"#)
    }

    @Test("Behind TLS the cookie is for TLS only", arguments: Transport.allCases)
    func secure(_ transport: Transport) throws {
        let gateway = try routes(transport)
        defer { gateway.stop() }
        let key = try GatewayRoutesFixture.key("ann")
        let answer = try gateway.send(
            "POST", "/api/session", ["x-forwarded-proto": "https", "origin": "https://gateway"],
            #"{"key":"\#(key)"}"#)
        #expect(answer.headers["set-cookie"]?.hasSuffix("; Secure") == true)
    }

    @Test("What is no key signs nobody in", arguments: Transport.allCases)
    func refusals(_ transport: Transport) throws {
        let gateway = try routes(transport)
        defer { gateway.stop() }
        let key = try GatewayRoutesFixture.key("ann")
        let long = String(repeating: " ", count: SessionRoutes.bodyBytesMax)
        for (body, status) in [
            ("", 400), ("{", 400), ("[]", 400), (#"{"key":1}"#, 400), (long + #"{"key":"\#(key)"}"#, 400),
            (#"{"key":""}"#, 401), (#"{"key":"sk-proxy-ann.AAAA"}"#, 401), (#"{"key":"\#(key)x"}"#, 401),
            (#"{"key":"\#(GatewayRoutesFixture.adminToken)"}"#, 401),
            (#"{"key":"\#(key)\r\nset-cookie: a=b"}"#, 401),
        ] {
            let answer = try gateway.send("POST", "/api/session", [:], body)
            #expect(answer.status == status)
            #expect(answer.headers["set-cookie"] == nil)
            #expect(answer.headers["content-type"] == "application/problem+json")
        }
        for method in ["POST", "DELETE"] {
            let foreign = try gateway.send(
                method, "/api/session", ["origin": "http://evil.org"], #"{"key":"\#(key)"}"#)
            #expect(foreign.status == 403)
            #expect(foreign.headers["set-cookie"] == nil)
        }
    }
}
