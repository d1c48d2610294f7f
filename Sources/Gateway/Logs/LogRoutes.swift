import Access
package import EventLoop
import HTTP
import JSON
import LedgerCore
package import LedgerRuntime
package import Logging
package import Service
package import Threads

/// `GET /api/logs`: the journal's lines of one day, in its order.
///
/// The administrator sees all, a user what concerns them. The disk is read on a thread of its own, a bounded
/// piece for each request.
package final class LogRoutes: Sendable {
    /// How much one request reads at most.
    package static let scanBytesMax = 8 << 20

    private static let waitingMax = 32

    private let ledger: Ledger
    private let loop: EventLoop
    private let access: GatewayAccess
    private let log: Logger
    private let scanBytesMax: Int
    private let thread: WorkerPool<Void>

    /// Creates the routes and their thread; ``close()`` ends it.
    package init(
        ledger: Ledger, loop: EventLoop, access: GatewayAccess, log: Logger,
        scanBytesMax: Int = scanBytesMax
    ) throws(ThreadError) {
        self.ledger = ledger
        self.loop = loop
        self.access = access
        self.log = log
        self.scanBytesMax = scanBytesMax
        thread = try WorkerPool(named: "gateway-logs", waitingMax: Self.waitingMax) {}
    }

    /// Adds the route to `shell`.
    package func register(on shell: ServiceShell) {
        shell.router.on("GET", "/api/logs") { [self] exchange, _ in answer(exchange) }
    }

    /// Answers what waits and ends the thread; blocks until then.
    package func close() { thread.close() }

    private func answer(_ exchange: HTTPExchange) {
        guard let caller = access.caller(of: exchange) else { return }
        do throws(LogQueryError) {
            var query = try LogQuery(exchange.head, today: ledger.configuration.now().day)
            if let own = caller.user {
                guard query.user == nil || query.user == own else {
                    return Self.foreign.response(on: exchange)
                }
                query.user = own
            }
            read(query, exchange)
        } catch { error.problem.response(on: exchange) }
    }

    private func read(_ query: LogQuery, _ exchange: HTTPExchange) {
        let exchange = Confined(exchange)
        let isTaken = thread.submit { [self] _ in
            let result = page(query)
            loop.post { [self] in respond(result, on: exchange.value) }
        }
        guard !isTaken else { return }
        Problem(
            status: 503, type: "/problems/busy", title: "Too many are reading the log",
            detail: "Try again in a second."
        ).response(on: exchange.value, headers: ["retry-after": "1"])
    }

    /// On the thread: reads, and writes the answer's body.
    private func page(_ query: LogQuery) -> Result<[UInt8], DayReadError> {
        do throws(DayReadError) {
            let page = try DayReader(ledger).page(
                of: query.day, from: query.start, linesMax: query.limit, scanBytesMax: scanBytesMax,
                where: query.isWanted)
            return .success(
                JSONText.object { json in
                    json.member("date", query.day.text)
                    json.key("entries")
                    json.array { json in for line in page.lines { json.raw(line) } }
                    json.member("nextCursor", page.next.map(LogCursor.text))
                })
        } catch { return .failure(error) }
    }

    private func respond(_ result: Result<[UInt8], DayReadError>, on exchange: HTTPExchange) {
        switch result {
        case .success(let body):
            exchange.respond(
                status: 200, headers: ["content-type": "application/json", "cache-control": "no-store"],
                body: body)
        case .failure(.noSuchPlace): LogQueryError.cursor.problem.response(on: exchange)
        case .failure(.unreadable(let reason)):
            log.tracing(exchange.trace?.traceID).error(
                "a day of the journal cannot be read", ["error": "\(reason)"])
            Problem(
                status: 500, type: "/problems/journal-unreadable", title: "The day cannot be read",
                detail: "A file of that day is not as it was written; run dledger verify."
            ).response(on: exchange)
        }
    }

    private static let foreign = Problem(
        status: 403, type: "/problems/foreign-user", title: "Not yours to read",
        detail: "A user's key reads that user's own lines; leave user out, or use the administrator's token.")
}

extension Event {
    /// Where it came from, where the event says.
    var source: String? { call?.source ?? dispatch?.source }
}
