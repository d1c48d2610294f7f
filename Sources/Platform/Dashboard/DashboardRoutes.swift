package import Access
package import EventLoop
import HTTP
import JSON
import LedgerCore
package import LedgerRuntime
package import Service

/// `GET /admin/dashboard`, and `GET /api/usage/stream`, which tells what of it changes.
///
/// Loop thread only.
package final class DashboardRoutes {
    private let loop: EventLoop
    private let access: KeyAccess
    private let dashboard: () -> Dashboard
    private var streams: [ObjectIdentifier: HTTPExchange] = [:]
    private var timer: LoopTimer?
    private var last: [UInt8] = []
    private var secondsQuiet = 0

    /// The most streams at one time.
    package static let streamsMax = 64
    private static let tickMilliseconds: UInt64 = 1_000
    private static let heartbeatSeconds = 15

    /// Creates the routes over `ledger`, `archive` and `source`.
    package init(
        loop: EventLoop, ledger: Ledger, archive: UsageArchive, access: KeyAccess,
        source: DashboardSource
    ) {
        self.loop = loop
        self.access = access
        dashboard = { Dashboard(ledger: ledger, history: archive.history, source: source) }
    }

    /// Adds the routes to `shell`.
    package func register(on shell: ServiceShell) {
        shell.router.on("GET", "/admin/dashboard") { [self] exchange, _ in
            guard access.requireAdmin(exchange) else { return }
            exchange.respond(
                status: 200, headers: ["content-type": "application/json", "cache-control": "no-store"],
                body: dashboard().json)
        }
        shell.router.on("GET", "/api/usage/stream") { [self] exchange, _ in
            guard access.requireAdmin(exchange) else { return }
            open(exchange)
        }
    }

    /// How many streams are open.
    package var streamCount: Int { streams.count }

    /// Ends every stream: whoever listens connects again, to the next process.
    package func closeStreams() {
        for exchange in streams.values { exchange.finish() }
        streams = [:]
        stopWhenAlone()
    }

    private func open(_ exchange: HTTPExchange) {
        guard streams.count < Self.streamsMax else {
            return Problem(
                status: 503, type: "/problems/busy", title: "Too many streams",
                detail: "At most \(Self.streamsMax) at one time; close a page, or read /admin/dashboard."
            ).response(on: exchange, headers: ["retry-after": "30"])
        }
        let id = ObjectIdentifier(exchange)
        streams[id] = exchange
        exchange.onDisconnect = { [weak self] in self?.forget(id) }
        exchange.requireClient()
        guard !exchange.isEnded else { return }
        exchange.start(
            status: 200,
            headers: [
                "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no",
            ])
        if timer == nil {
            last = dashboard().live
            secondsQuiet = 0
            timer = LoopTimer(on: loop, after: Self.tickMilliseconds, repeating: Self.tickMilliseconds) {
                [weak self] in self?.tick()
            }
        }
        send(Self.event(last), to: id)
    }

    private func tick() {
        let live = dashboard().live
        secondsQuiet += 1
        if live != last {
            last = live
            secondsQuiet = 0
            let event = Self.event(live)
            for id in Array(streams.keys) { send(event, to: id) }
        } else if secondsQuiet >= Self.heartbeatSeconds {
            secondsQuiet = 0
            for id in Array(streams.keys) { send(Array(": still here\n\n".utf8), to: id) }
        }
    }

    /// Sends `bytes`; a reader that has more than the high-water mark waiting is dropped.
    private func send(_ bytes: [UInt8], to id: ObjectIdentifier) {
        guard let exchange = streams[id], !exchange.write(bytes) else { return }
        exchange.abort()
        forget(id)
    }

    private func forget(_ id: ObjectIdentifier) {
        streams[id] = nil
        stopWhenAlone()
    }

    private func stopWhenAlone() {
        guard streams.isEmpty else { return }
        timer?.cancel()
        timer = nil
    }

    private static func event(_ json: [UInt8]) -> [UInt8] {
        Array("event: usage\ndata: ".utf8) + json + Array("\n\n".utf8)
    }
}
