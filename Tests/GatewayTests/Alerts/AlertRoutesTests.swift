import Crypto
import HTTP
import LedgerCore
import LedgerRuntime
import Testing

@testable import Gateway

@Suite("Alert routes")
struct AlertRoutesTests {
    private let bearer: HTTPHeaders = ["authorization": "Bearer \(AlertDesk.secret)"]

    @Test("An alert of Alertmanager's is recorded once for each of its states", arguments: Transport.allCases)
    func alertmanager(_ transport: Transport) throws {
        let desk = AlertDesk()
        let gateway = try desk.start(transport)
        defer { gateway.stop() }
        for (body, recorded) in [
            (AlertBodies.alertmanager, 1), (AlertBodies.alertmanager, 0),
            (AlertBodies.alertmanagerResolved, 1), (AlertBodies.alertmanagerResolved, 0),
            (AlertBodies.alertmanager, 1),
        ] {
            let answer = try gateway.send("POST", "/api/alert", bearer, body)
            #expect(answer.status == 200)
            #expect(answer.text == #"{"received":1,"recorded":\#(recorded)}"#)
        }
        let told = desk.broadcasts
        #expect(told.map { $0.map(\.status) } == [[.firing], [.resolved], [.firing]])
        let firing = AlertReceived(
            fingerprint: "b44bfab8362cedb1", status: .firing, name: "ContainerDown", severity: "critical",
            summary: "Container down", startsAt: try time("2026-11-25T02:45:00.038000Z"),
            from: "alertmanager")
        #expect(told.first == [firing])
        let resolved = AlertReceived(
            fingerprint: "b44bfab8362cedb1", status: .resolved, name: "ContainerDown", severity: "critical",
            summary: "Container down", startsAt: try time("2026-11-25T02:45:00.038000Z"),
            endsAt: try time("2026-11-25T02:45:01.038000Z"), from: "alertmanager")
        #expect(told.dropFirst().first == [resolved])
    }

    @Test(
        "Grafana's body is known as Grafana's, and each alert by its own state", arguments: Transport.allCases
    )
    func grafana(_ transport: Transport) throws {
        let desk = AlertDesk()
        let gateway = try desk.start(transport)
        defer { gateway.stop() }
        let answer = try gateway.send("POST", "/api/alert", bearer, AlertBodies.grafana)
        #expect(answer.text == #"{"received":2,"recorded":2}"#)
        #expect(
            desk.broadcasts == [
                [
                    AlertReceived(
                        fingerprint: "c6eadffa33fcdf37", status: .firing, name: "High memory usage",
                        summary: "The system has high memory usage",
                        startsAt: try time("2026-11-25T01:51:03.157076Z"), from: "grafana"),
                    AlertReceived(
                        fingerprint: "bc97ff14869b13e3", status: .resolved, name: "High CPU usage",
                        severity: "warning", summary: "CPU of eu-1",
                        startsAt: try time("2026-11-25T01:00:00Z"),
                        endsAt: try time("2026-11-25T02:00:00.5Z"), from: "grafana"),
                ]
            ])
    }

    @Test("A thousand alerts, three times over, are recorded once", arguments: Transport.allCases)
    func flood(_ transport: Transport) throws {
        let desk = AlertDesk()
        let gateway = try desk.start(transport)
        defer { gateway.stop() }
        let body = AlertBodies.with((0..<1_000).map { AlertBodies.alert($0) })
        for recorded in [1_000, 0, 0] {
            let answer = try gateway.send("POST", "/api/alert", bearer, body)
            #expect(answer.text == #"{"received":1000,"recorded":\#(recorded)}"#)
        }
        // Without fingerprints the labels tell them apart.
        #expect(desk.knownCount == 1_000)
        #expect(desk.broadcasts.map(\.count) == [1_000])
        let more = AlertBodies.with((0..<1_001).map { AlertBodies.alert($0, status: "resolved") })
        let refused = try gateway.send("POST", "/api/alert", bearer, more)
        #expect(refused.status == 400)
        #expect(refused.text.contains("alerts is not at most 1000"))
        #expect(desk.broadcasts.count == 1)
    }

    @Test("Nobody is told that all is well while the ledger cannot be written", arguments: Transport.allCases)
    func unavailable(_ transport: Transport) throws {
        let desk = AlertDesk()
        let gateway = try desk.start(transport)
        defer { gateway.stop() }
        desk.fail(after: 2, .unavailable("disk full"))
        let body = AlertBodies.with((0..<5).map { AlertBodies.alert($0) })
        let failed = try gateway.send("POST", "/api/alert", bearer, body)
        #expect(failed.status == 503)
        #expect(failed.headers["retry-after"] == "5")
        #expect(!failed.text.contains("disk full"))
        // The shells are told what is durable; the sender comes again with the rest.
        #expect(desk.broadcasts.map(\.count) == [2])
        desk.heal()
        let again = try gateway.send("POST", "/api/alert", bearer, body)
        #expect(again.text == #"{"received":5,"recorded":3}"#)
        #expect(desk.broadcasts.map(\.count) == [2, 3])
    }

    @Test("An empty list is taken", arguments: Transport.allCases)
    func empty(_ transport: Transport) throws {
        let gateway = try AlertDesk().start(transport)
        defer { gateway.stop() }
        let answer = try gateway.send("POST", "/api/alert", bearer, #"{"alerts":[]}"#)
        #expect(answer.text == #"{"received":0,"recorded":0}"#)
    }

    @Test("Only a body within its bounds is read", arguments: Transport.allCases)
    func tooLarge(_ transport: Transport) throws {
        let desk = AlertDesk()
        let gateway = try desk.start(transport)
        defer { gateway.stop() }
        let padding = String(repeating: " ", count: AlertBody.bytesMax - AlertBodies.alertmanager.utf8.count)
        let whole = try gateway.send("POST", "/api/alert", bearer, AlertBodies.alertmanager + padding)
        #expect(whole.status == 200)
        let more = try gateway.send("POST", "/api/alert", bearer, AlertBodies.alertmanager + padding + " ")
        #expect(more.status == 413)
        #expect(desk.broadcasts.count == 1)
    }

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(text.utf8)) }
}
