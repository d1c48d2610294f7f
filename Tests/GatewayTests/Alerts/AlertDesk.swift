import EventLoop
import LedgerCore
import LedgerRuntime
import Synchronization
import Threads

@testable import Gateway

/// The alert route before a ledger of the tests', which knows one state for each fingerprint.
///
/// It answers from a thread that is not the loop's, as the writer does.
final class AlertDesk: Sendable {
    static let secret = "the webhook's secret"
    static let now = Timestamp(microseconds: 1_795_576_000_000_000)

    private let known = Lock<[String: AlertStatus]>([:])
    private let told = Lock<[[AlertReceived]]>([])
    private let failing = Lock<(after: Int, error: LedgerError)?>(nil)

    /// What the shells were told, one list for each body.
    var broadcasts: [[AlertReceived]] { told.withLock { $0 } }
    /// How many fingerprints have a state.
    var knownCount: Int { known.withLock { $0.count } }

    /// From now on everything after the next `count` alerts fails.
    func fail(after count: Int, _ error: LedgerError) { failing.withLock { $0 = (count, error) } }

    func heal() { failing.withLock { $0 = nil } }

    /// Starts the route.
    func start(_ transport: Transport, secret: String? = AlertDesk.secret) throws -> GatewayRoutesFixture {
        try GatewayRoutesFixture(transport) { shell, loop in
            AlertRoutes(
                loop: loop, secret: secret, now: { Self.now },
                append: { [self] alert, reply in
                    let result = append(alert)
                    do throws(ThreadError) {
                        try Thread(named: "test-writer") { reply(result) }.detach()
                    } catch { reply(.failure(.thread)) }
                }, onRecorded: { [self] alerts in told.withLock { $0.append(alerts) } }
            ).register(on: shell)
        }
    }

    private func append(_ alert: AlertReceived) -> Result<Bool, LedgerError> {
        let failure = failing.withLock { failing -> LedgerError? in
            guard let (after, error) = failing else { return nil }
            guard after > 0 else { return error }
            failing = (after - 1, error)
            return nil
        }
        if let failure { return .failure(failure) }
        return .success(
            known.withLock { $0.updateValue(alert.status, forKey: alert.fingerprint) } != alert.status)
    }
}
