import Crypto
import HTTP
import Testing

@testable import Gateway

@Suite("Webhook secret")
struct WebhookSecretTests {
    private let body = AlertBodies.alertmanager

    private func signature(_ text: String, secret: String = AlertDesk.secret) -> String {
        HMACSHA256.code(of: Array(text.utf8), key: Array(secret.utf8)).hex
    }

    @Test("The secret or a signature made with it lets a body in", arguments: Transport.allCases)
    func granted(_ transport: Transport) throws {
        let gateway = try AlertDesk().start(transport)
        defer { gateway.stop() }
        let now = AlertDesk.now.microseconds / 1_000_000
        for headers: HTTPHeaders in [
            ["authorization": "Bearer \(AlertDesk.secret)"],
            ["x-hub-signature-256": "sha256=\(signature(body))"],
            ["X-Grafana-Alerting-Signature": signature(body)],
            ["X-Grafana-Alerting-Signature": signature(body).uppercased()],
            [
                "X-Grafana-Alerting-Signature": signature("\(now - 299):\(body)"),
                "X-Grafana-Alerting-Signature-Timestamp": "\(now - 299)",
            ],
        ] {
            #expect(try gateway.send("POST", "/api/alert", headers, body).status == 200)
        }
    }

    @Test("Anything else is refused, and nothing of it recorded", arguments: Transport.allCases)
    func refused(_ transport: Transport) throws {
        let desk = AlertDesk()
        let gateway = try desk.start(transport)
        defer { gateway.stop() }
        let now = AlertDesk.now.microseconds / 1_000_000
        let good = signature(body)
        var refusals: Set<String> = []
        for headers: HTTPHeaders in [
            [:], ["authorization": "Bearer "], ["authorization": "Bearer \(AlertDesk.secret)x"],
            ["authorization": "Bearer \(AlertDesk.secret.dropLast())"],
            ["authorization": "Bearer \(GatewayRoutesFixture.adminToken)"],
            ["authorization": "Basic \(AlertDesk.secret)"],
            ["authorization": "Bearer x", "x-hub-signature-256": "sha256=\(good)"],
            ["x-hub-signature-256": good], ["x-hub-signature-256": "sha256=\(good.dropLast(2))"],
            ["x-hub-signature-256": "sha256="], ["x-hub-signature-256": "sha256=\(good)00"],
            ["x-hub-signature-256": "sha256=\(String(repeating: "é", count: 32))"],
            ["x-hub-signature-256": "sha256=\(signature(body + " "))"],
            ["x-hub-signature-256": "sha256=\(signature(body, secret: "another"))"],
            ["X-Grafana-Alerting-Signature": ""], ["X-Grafana-Alerting-Signature": "sha256=\(good)"],
            ["X-Grafana-Alerting-Signature": good, "X-Grafana-Alerting-Signature-Timestamp": "\(now)"],
            stamped("\(now - 301)"), stamped("\(now + 301)"), stamped(""), stamped("-1"),
            stamped("99999999999999999999"), stamped("9223372036854775807"),
        ] {
            let answer = try gateway.send("POST", "/api/alert", headers, body)
            #expect(answer.status == 401)
            refusals.insert(answer.text)
        }
        #expect(refusals.count == 1)
        #expect(desk.knownCount == 0)
    }

    @Test("Without a secret the answer says what to set", arguments: Transport.allCases)
    func notConfigured(_ transport: Transport) throws {
        let gateway = try AlertDesk().start(transport, secret: nil)
        defer { gateway.stop() }
        let answer = try gateway.send("POST", "/api/alert", ["authorization": "Bearer x"], body)
        #expect(answer.status == 503)
        #expect(answer.text.contains("Set ALERT_WEBHOOK_SECRET"))
    }

    private func stamped(_ time: String) -> HTTPHeaders {
        [
            "X-Grafana-Alerting-Signature": signature("\(time):\(body)"),
            "X-Grafana-Alerting-Signature-Timestamp": time,
        ]
    }
}
