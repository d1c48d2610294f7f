package import Access
package import EventLoop
import HTTP
import JSON
package import LedgerCore
import LedgerRuntime
package import Service
import Synchronization
import Threads

/// `POST /api/v1/events`: usage that something outside reports, as CloudEvents; each counts once.
///
/// Loop thread only.
package final class EventRoutes {
    /// What the ledger needs to be asked; closures, so that a test can stand in for it.
    package struct Recorder {
        /// Records one report; tells what became of it once that is durable.
        package let append: (UsageReported, _ reply: @escaping @Sendable (ReportOutcome) -> Void) -> Void
        /// What is recorded already under a source and a name.
        package let known: (_ source: String, _ id: String) -> (digest: String, position: Position)?

        /// Creates a recorder.
        package init(
            append: @escaping (UsageReported, _ reply: @escaping @Sendable (ReportOutcome) -> Void) -> Void,
            known: @escaping (_ source: String, _ id: String) -> (digest: String, position: Position)?
        ) {
            self.append = append
            self.known = known
        }
    }

    private let loop: EventLoop
    private let access: KeyAccess
    private let pricing: ReportPricing
    private let now: @Sendable () -> Timestamp
    private let recorder: Recorder
    private let parser = JSONParser()

    /// Creates the routes, which price by `prices`.
    package init(
        loop: EventLoop, access: KeyAccess, prices: PriceBook, now: @escaping @Sendable () -> Timestamp,
        recorder: Recorder
    ) {
        self.loop = loop
        self.access = access
        pricing = ReportPricing(prices)
        self.now = now
        self.recorder = recorder
    }

    /// Adds the route to `shell`.
    package func register(on shell: ServiceShell) {
        shell.router.on("POST", "/api/v1/events") { [self] exchange, _ in receive(exchange) }
    }

    private func receive(_ exchange: HTTPExchange) {
        guard access.requireAdmin(exchange) else { return }
        guard exchange.body.count <= CloudEventReader.bytesMax else {
            return Self.tooLarge.response(on: exchange)
        }
        do throws(ReportError) {
            let events = try events(exchange)
            // All or nothing: a batch with a contradiction is not begun.
            if let position = conflict(in: events) { return respond(.conflict(position), exchange) }
            record(events, exchange)
        } catch {
            Problem(
                status: 400, type: "/problems/cloud-event", title: "Not a usage event",
                detail: "\(error.field): \(error.rule)."
            ).response(on: exchange)
        }
    }

    private func events(_ exchange: HTTPExchange) throws(ReportError) -> [UsageReported] {
        let now = now()
        var events: [UsageReported] = []
        let reports = try CloudEventReader(parser).reports(exchange.head, exchange.body)
        for report in reports {
            do throws(ReportError) { events.append(try pricing.event(report, now: now)) } catch {
                guard reports.count > 1 else { throw error }
                throw ReportError("event \(events.count + 1): \(error.field)", error.rule)
            }
        }
        return events
    }

    /// Where another report of one of these names is recorded; 0: beside it in the same batch.
    private func conflict(in events: [UsageReported]) -> Position? {
        var digests: [ReportKey: String] = [:]
        for event in events {
            if let known = recorder.known(event.source, event.reportID), known.digest != event.digest {
                return known.position
            }
            let key = ReportKey(source: event.source, id: event.reportID)
            if let other = digests.updateValue(event.digest, forKey: key), other != event.digest {
                return Position(0)
            }
        }
        return nil
    }

    private func record(_ events: [UsageReported], _ exchange: HTTPExchange) {
        let finish = Confined { [self] (outcomes: [ReportOutcome]) in
            respond(EventAnswer(events, outcomes), exchange)
        }
        let tally = ReportTally(events.count)
        for (index, event) in events.enumerated() {
            recorder.append(event) { [loop] outcome in
                guard let outcomes = tally.add(index, outcome) else { return }
                loop.post { finish.value(outcomes) }
            }
        }
    }

    private func respond(_ answer: EventAnswer, _ exchange: HTTPExchange) {
        switch answer {
        case .recorded(let body, let isNew):
            exchange.respond(
                status: isNew ? 202 : 200, headers: ["content-type": "application/json"], body: body)
        case .conflict(let position):
            Problem(
                status: 409, type: "/problems/another-report", title: "Another report has this name",
                detail: position == Position(0)
                    ? "Two events of the batch have one source and id, and do not say the same."
                    : "What is recorded under this source and id, at position \(position.value), says "
                        + "something else. Nothing was changed; a correction is a report of its own."
            ).response(on: exchange, headers: ["x-ledger-position": String(position.value)])
        case .unavailable:
            Problem(
                status: 503, type: "/problems/ledger-unavailable", title: "The ledger cannot be written",
                detail: "Not every event was recorded; send the same body again. See /health."
            ).response(on: exchange, headers: ["retry-after": "5"])
        }
    }

    private static let tooLarge = Problem(
        status: 413, type: "/problems/too-large", title: "The body is too large",
        detail: "At most \(CloudEventReader.bytesMax) bytes; send smaller batches.")
}

/// A report's name within a batch.
private struct ReportKey: Hashable {
    let source: String
    let id: String
}

/// Collects the ledger's answers for one body.
private final class ReportTally: Sendable {
    private let state: Lock<(outcomes: [ReportOutcome?], waiting: Int)>

    init(_ count: Int) { state = Lock((Array(repeating: nil, count: count), count)) }

    /// Takes one answer; all of them once it was the last.
    func add(_ index: Int, _ outcome: ReportOutcome) -> [ReportOutcome]? {
        state.withLock { state in
            state.outcomes[index] = outcome
            state.waiting -= 1
            return state.waiting == 0 ? state.outcomes.compactMap { $0 } : nil
        }
    }
}
