package import EventLoop
import HTTP
import JSON
package import LedgerCore
package import LedgerRuntime
package import Service
import Synchronization
import Threads

/// `POST /api/alert`: alerts from Alertmanager and Grafana, each recorded once for each state.
///
/// Loop thread only.
package final class AlertRoutes {
    /// Records one alert; tells whether an event was appended for it once that is durable.
    package typealias Append = (
        AlertReceived, _ reply: @escaping @Sendable (Result<Bool, LedgerError>) -> Void
    ) -> Void

    private let loop: EventLoop
    private let secret: WebhookSecret?
    private let append: Append
    private let onRecorded: ([AlertReceived]) -> Void
    private let parser = JSONParser()

    /// Creates the routes.
    ///
    /// Without a `secret` every alert is refused. `onRecorded` gets what was new, on the loop.
    package init(
        loop: EventLoop, secret: String?, now: @escaping @Sendable () -> Timestamp, append: @escaping Append,
        onRecorded: @escaping ([AlertReceived]) -> Void
    ) {
        self.loop = loop
        self.secret = secret.map { WebhookSecret($0, now: now) }
        self.append = append
        self.onRecorded = onRecorded
    }

    /// Adds the route to `shell`.
    package func register(on shell: ServiceShell) {
        shell.router.on("POST", "/api/alert") { [self] exchange, _ in receive(exchange) }
    }

    private func receive(_ exchange: HTTPExchange) {
        guard let secret else { return Self.notConfigured.response(on: exchange) }
        guard secret.isGranted(exchange) else {
            return Self.unknown.response(on: exchange, headers: ["www-authenticate": "Bearer"])
        }
        guard exchange.body.count <= AlertBody.bytesMax else { return Self.tooLarge.response(on: exchange) }
        do throws(AlertBodyError) {
            record(try AlertBody.read(exchange.body, parser: parser), exchange)
        } catch {
            Problem(
                status: 400, type: "/problems/alerts", title: "Not a webhook body", detail: error.message
            ).response(on: exchange)
        }
    }

    private func record(_ alerts: [AlertReceived], _ exchange: HTTPExchange) {
        let finish = Confined { [self] (outcome: AlertTally.Outcome) in
            let recorded = outcome.recorded.sorted().map { alerts[$0] }
            if !recorded.isEmpty { onRecorded(recorded) }
            respond(alerts.count, recorded.count, outcome.failure, exchange)
        }
        guard !alerts.isEmpty else { return finish.value(AlertTally.Outcome(waiting: 0)) }
        let tally = AlertTally(alerts.count)
        for (index, alert) in alerts.enumerated() {
            append(alert) { [loop] result in
                guard let outcome = tally.add(index, result) else { return }
                loop.post { finish.value(outcome) }
            }
        }
    }

    private func respond(
        _ received: Int, _ recorded: Int, _ failure: LedgerError?, _ exchange: HTTPExchange
    ) {
        guard failure == nil else {
            // Whoever sends it tries again; what was recorded already is not recorded twice.
            return Problem(
                status: 503, type: "/problems/ledger-unavailable", title: "The ledger cannot be written",
                detail: "Not every alert was recorded; send the same body again. See /health."
            ).response(on: exchange, headers: ["retry-after": "5"])
        }
        let body = JSONText.object {
            $0.member("received", received)
            $0.member("recorded", recorded)
        }
        exchange.respond(status: 200, headers: ["content-type": "application/json"], body: body)
    }

    private static let notConfigured = Problem(
        status: 503, type: "/problems/no-webhook-secret", title: "No secret is configured",
        detail: "Set ALERT_WEBHOOK_SECRET and start the gateway again.")
    private static let unknown = Problem(
        status: 401, type: "/problems/webhook-secret", title: "The webhook's secret is needed",
        detail:
            "Send ALERT_WEBHOOK_SECRET as a bearer token, or sign the body with it (HMAC-SHA-256); a signed "
            + "time is within five minutes of this server's.")
    private static let tooLarge = Problem(
        status: 413, type: "/problems/too-large", title: "The body is too large",
        detail: "At most \(AlertBody.bytesMax) bytes; let Alertmanager group less (max_alerts).")
}

/// Collects the ledger's answers for one body.
private final class AlertTally: Sendable {
    struct Outcome: Sendable {
        var waiting: Int
        /// Which alerts made an event.
        var recorded: [Int] = []
        var failure: LedgerError?
    }

    private let outcome: Lock<Outcome>

    init(_ count: Int) { outcome = Lock(Outcome(waiting: count)) }

    /// Takes one answer; the outcome once it was the last.
    func add(_ index: Int, _ result: Result<Bool, LedgerError>) -> Outcome? {
        outcome.withLock { outcome in
            outcome.waiting -= 1
            switch result {
            case .success(true): outcome.recorded.append(index)
            case .success(false): break
            case .failure(let error): outcome.failure = error
            }
            return outcome.waiting == 0 ? outcome : nil
        }
    }
}
