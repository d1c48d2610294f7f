package import Access
package import EventLoop
import HTTP
import JSON
package import LedgerCore
import LedgerRuntime
package import Service
import Threads

/// `GET /api/usage`: sums by time, and by user, source, provider, model and kind.
package struct UsageRoutes {
    private let archive: UsageArchive
    private let loop: EventLoop
    private let access: KeyAccess
    private let now: @Sendable () -> Timestamp

    /// Creates the routes.
    package init(
        archive: UsageArchive, loop: EventLoop, access: KeyAccess,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.archive = archive
        self.loop = loop
        self.access = access
        self.now = now
    }

    /// Adds the route to `shell`.
    package func register(on shell: ServiceShell) {
        shell.router.on("GET", "/api/usage") { [self] exchange, _ in answer(exchange) }
    }

    private func answer(_ exchange: HTTPExchange) {
        guard let caller = access.require(exchange) else { return }
        do throws(UsageQueryError) {
            let breakdown = try UsageQuery(exchange.head, now: now(), owner: caller.user).breakdown
            let waiting = Confined(exchange)
            archive.ask(breakdown) { [loop] result in
                // Written here, off the loop: ten thousand rows are a megabyte or two.
                let body = result.map { Self.body(breakdown, $0) }
                loop.post { Self.respond(body, on: waiting.value) }
            }
        } catch { error.problem.response(on: exchange) }
    }

    private static func respond(_ body: Result<[UInt8], UsageArchive.Failure>, on exchange: HTTPExchange) {
        switch body {
        case .success(let body):
            exchange.respond(
                status: 200, headers: ["content-type": "application/json", "cache-control": "no-store"],
                body: body)
        case .failure(.tooManyRows): tooManyRows.response(on: exchange)
        case .failure(.notReady(let position, let end)):
            Problem(
                status: 503, type: "/problems/usage-not-ready", title: "The journal is still being read",
                detail: "So far \(position.value) of \(end.value) events; try again in a few seconds."
            ).response(on: exchange, headers: ["retry-after": "5"])
        case .failure(.busy):
            Problem(
                status: 503, type: "/problems/busy", title: "Too many are asking for usage",
                detail: "Try again in a second."
            ).response(on: exchange, headers: ["retry-after": "1"])
        }
    }

    private static let tooManyRows = Problem(
        status: 400, type: "/problems/too-many-rows", title: "Too many rows",
        detail: "More than \(UsageArchive.rowsMax) rows: choose a shorter range, bucket=1d, fewer dimensions "
            + "in by, or one user.")

    private static func body(_ breakdown: UsageBreakdown, _ answer: UsageArchive.Answer) -> [UInt8] {
        var json = JSONText(reserving: 256 + answer.rows.count * 320)
        let kept = UsageDimension.allCases.filter { breakdown.dimensions.contains($0) }
        json.object { json in
            json.member("from", breakdown.from.text)
            json.member("to", breakdown.to.text)
            json.member("bucket", breakdown.bucket.rawValue)
            json.key("by")
            json.array { json in for dimension in kept { json.string(dimension.rawValue) } }
            json.member("position", answer.position.value)
            json.member("origin", answer.origin.rawValue)
            json.key("rows")
            json.array { json in
                for row in answer.rows {
                    json.object { json in
                        json.member("bucket", row.group.start.text)
                        for dimension in kept { json.member(dimension.rawValue, row.group[dimension]) }
                        row.sums.write(to: &json)
                    }
                }
            }
        }
        return json.bytes
    }
}

extension UsageGroup {
    /// What it has for `dimension`.
    fileprivate subscript(dimension: UsageDimension) -> String {
        switch dimension {
        case .user: user
        case .kind: kind
        case .source: source
        case .provider: provider
        case .model: model
        }
    }
}
