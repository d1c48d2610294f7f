import Access
import EventLoop
import HTTP
import JSON
import LedgerCore
import LedgerRuntime
import Service
import Threads

/// `GET /quotas`, `GET`, `POST` and `DELETE /quotas/{subject}`, `GET`, `POST` and `DELETE /groups/…`, and
/// `POST /keys/{user}`: the administrator's.
struct QuotaRoutes {
    private let service: ProxyService

    init(_ service: ProxyService) { self.service = service }

    func register() {
        admin("GET", "/quotas") { [self] exchange, _ in list(on: exchange) }
        admin("GET", "/quotas/{subject}") { [self] in subject($1, $0) { show($0, on: $1) } }
        admin("POST", "/quotas/{subject}") { [self] in subject($1, $0) { set($0, on: $1) } }
        admin("DELETE", "/quotas/{subject}") { [self] in subject($1, $0) { remove($0, on: $1) } }
        admin("GET", "/groups") { [self] exchange, _ in groups(on: exchange) }
        admin("GET", "/groups/{group}") { [self] exchange, parameters in
            guard let group = GroupName(parameters["group"] ?? "") else {
                return Self.noUser.response(on: exchange)
            }
            members(of: group, on: exchange)
        }
        admin("POST", "/groups/{group}/{user}") { [self] in member($1, on: $0) }
        admin("DELETE", "/groups/{group}/{user}") { [self] in member($1, on: $0) }
        admin("POST", "/keys/{user}") { [self] exchange, parameters in
            guard let user = UserID(parameters["user"] ?? "") else {
                return Self.noUser.response(on: exchange)
            }
            mint(for: user, on: exchange)
        }
    }

    private func admin(
        _ method: String, _ template: String, _ handler: @escaping (HTTPExchange, RouteParameters) -> Void
    ) {
        service.shell.router.on(method, template) {
            [token = service.configuration.adminToken] exchange, parameters in
            guard AdminAccess.isGranted(exchange, token: token) else { return AdminAccess.refuse(exchange) }
            handler(exchange, parameters)
        }
    }

    private func subject(
        _ parameters: RouteParameters, _ exchange: HTTPExchange,
        _ handler: (QuotaSubject, HTTPExchange) -> Void
    ) {
        guard let subject = QuotaSubject(parameters["subject"] ?? "") else {
            return Self.noUser.response(on: exchange)
        }
        handler(subject, exchange)
    }

    private static let noUser = Problem(
        status: 400, type: "/problems/user", title: "Not a user's name",
        detail: "1 to 128 of A–Z a–z 0–9 . _ @ : + -, not starting with an underscore; for limits also "
            + "group:NAME, model:NAME, global and default.")

    // MARK: Limits

    private func show(_ subject: QuotaSubject, on exchange: HTTPExchange) {
        let now = service.ledger.configuration.now()
        guard let view = service.ledger.read({ QuotaView(subject, $0.state, at: now) }) else {
            return Problem(
                status: 404, type: "/problems/no-quota", title: "No quota is set",
                detail: "\(subject.user?.text ?? subject.text) has no limits."
            ).response(on: exchange)
        }
        Self.respond(JSONText.object { view.write(to: &$0) }, on: exchange)
    }

    private func set(_ subject: QuotaSubject, on exchange: HTTPExchange) {
        do throws(QuotaBodyError) {
            let now = service.ledger.configuration.now()
            var body = try QuotaBody.read(exchange.body, parser: service.parser, at: now)
            if case .model(let model) = subject {
                body.quota.names = Array(
                    service.ledger.prices.otherNames(of: model).prefix(Quota.namesMax))
            }
            let change = QuotaSet(subject: subject, quota: body.quota, actor: "admin", reason: body.reason)
            submit(.changeQuota(change), on: exchange) { [self] in show(subject, on: exchange) }
        } catch { Self.refuse(error, on: exchange) }
    }

    private func remove(_ subject: QuotaSubject, on exchange: HTTPExchange) {
        do throws(QuotaBodyError) {
            let reason = try QuotaBody.readReason(exchange.body, parser: service.parser)
            let change = QuotaRemoved(subject: subject, actor: "admin", reason: reason)
            submit(.dropQuota(change), on: exchange) { exchange.respond(status: 204) }
        } catch { Self.refuse(error, on: exchange) }
    }

    private func list(on exchange: HTTPExchange) {
        let page = QuotaPage(exchange.head)
        let now = service.ledger.configuration.now()
        let (views, next) = service.ledger.read { page.read($0.state, at: now) }
        let body = JSONText.object { json in
            json.key("quotas")
            json.array { json in for view in views { json.object { view.write(to: &$0) } } }
            if let next { json.member("next", next) }
        }
        Self.respond(body, on: exchange)
    }

    // MARK: Groups

    private func groups(on exchange: HTTPExchange) {
        let known = service.ledger.read { $0.state.groups }
        var counts: [String: Int] = [:]
        for groups in known.values { for group in groups { counts[group.text, default: 0] += 1 } }
        let body = JSONText.object { json in
            json.key("groups")
            json.array { json in
                for (group, count) in counts.sorted(by: { $0.key < $1.key }) {
                    json.object {
                        $0.member("group", group)
                        $0.member("members", count)
                    }
                }
            }
        }
        Self.respond(body, on: exchange)
    }

    private func members(of group: GroupName, on exchange: HTTPExchange) {
        let known = service.ledger.read { $0.state.groups }
        let members = known.filter { $0.value.contains(group) }.map(\.key.text).sorted()
        let body = JSONText.object { json in
            json.member("group", group.text)
            json.key("members")
            json.array { json in for member in members { json.string(member) } }
        }
        Self.respond(body, on: exchange)
    }

    private func member(_ parameters: RouteParameters, on exchange: HTTPExchange) {
        guard let group = GroupName(parameters["group"] ?? ""), let user = UserID(parameters["user"] ?? "")
        else { return Self.noUser.response(on: exchange) }
        do throws(QuotaBodyError) {
            let reason = try QuotaBody.readReason(exchange.body, parser: service.parser)
            let command: Command =
                exchange.head.method == "DELETE"
                ? .leaveGroup(GroupLeft(user: user, group: group, actor: "admin", reason: reason))
                : .joinGroup(GroupJoined(user: user, group: group, actor: "admin", reason: reason))
            submit(command, on: exchange) { exchange.respond(status: 204) }
        } catch { Self.refuse(error, on: exchange) }
    }

    // MARK: Answers

    private func mint(for user: UserID, on exchange: HTTPExchange) {
        let key = ProxyKey.mint(for: user, secret: service.configuration.keySecret)
        let body = JSONText.object {
            $0.member("user", user.text)
            $0.member("key", key)
        }
        exchange.respond(
            status: 200, headers: ["content-type": "application/json", "cache-control": "no-store"],
            body: body)
    }

    private func submit(_ command: Command, on exchange: HTTPExchange, _ then: @escaping () -> Void) {
        let answer = Confined { (result: Result<Receipt, LedgerError>) in
            switch result {
            case .success: then()
            case .failure(.rejected(let rejection)): Self.refuse(rejection, on: exchange)
            case .failure:
                Problem(
                    status: 503, type: "/problems/ledger-unavailable", title: "The ledger cannot be written",
                    detail: "Nothing was changed. See /health."
                ).response(on: exchange, headers: ["retry-after": "1"])
            }
        }
        let loop = service.loop
        service.ledger.submit(command) { result in loop.post { answer.value(result) } }
    }

    private static func refuse(_ rejection: Rejection, on exchange: HTTPExchange) {
        let problem =
            switch rejection {
            case .noLimits(let subject):
                Problem(
                    status: 404, type: "/problems/no-quota", title: "No quota is set",
                    detail: "\(subject.user?.text ?? subject.text) has no limits.")
            case .notMember(let user, let group):
                Problem(
                    status: 404, type: "/problems/no-member", title: "Not a member",
                    detail: "\(user.text) is not in the group \(group.text).")
            case .tooMany:
                Problem(
                    status: 409, type: "/problems/too-many", title: "Too many",
                    detail: "A user is in at most \(LedgerState.groupsMax) groups, and at most "
                        + "\(LedgerState.sharedQuotasMax) groups and models have limits.")
            default:
                Problem(
                    status: 400, type: "/problems/quota", title: "Not a quota",
                    detail: "A figure is beyond its bounds.")
            }
        problem.response(on: exchange)
    }

    private static func refuse(_ error: QuotaBodyError, on exchange: HTTPExchange) {
        Problem(status: 400, type: "/problems/quota", title: "Not a quota", detail: error.text)
            .response(on: exchange)
    }

    private static func respond(_ body: [UInt8], on exchange: HTTPExchange) {
        exchange.respond(status: 200, headers: ["content-type": "application/json"], body: body)
    }
}
