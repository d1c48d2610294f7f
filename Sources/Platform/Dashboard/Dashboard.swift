import JSON
import LedgerCore
package import LedgerRuntime

/// All that the admin page shows, at one moment.
package struct Dashboard {
    /// The latest moment of today.
    private let now: Timestamp
    private let view: LedgerView
    private let history: UsageHistory
    private let source: DashboardSource

    static let usersMax = 50
    static let modelsMax = 50
    static let alertsMax = 100
    static let daysShown: Int32 = 30
    static let dayUsersMax = 8

    /// Looks at everything once.
    package init(ledger: Ledger, history: UsageHistory, source: DashboardSource) {
        now = ledger.configuration.now()
        view = ledger.read { $0 }
        self.history = history
        self.source = source
    }

    /// The whole as JSON.
    package var json: [UInt8] {
        JSONText.object { json in
            json.member("generatedAt", now.text)
            writeLive(to: &json)
            json.key("days")
            json.array { writeDays(to: &$0) }
        }
    }

    /// What changes from second to second, as JSON without the time; equal as long as nothing has changed.
    var live: [UInt8] {
        JSONText.object { json in
            writeLive(to: &json)
            json.key("day")
            json.object {
                writeDay(now.day, users: DashboardUsers.dearest(in: history, upTo: now.day), to: &$0)
            }
        }
    }

    private func writeLive(to json: inout JSONText) {
        json.member("version", source.version)
        json.member("grafanaUrl", source.grafanaURL)
        let users = DashboardUsers(view, now: now)
        json.key("today")
        json.object { users.today.write(to: &$0) }
        json.key("month")
        json.object { users.month.write(to: &$0) }
        json.key("containers")
        json.array { json in
            for container in source.containers().sorted(by: { $0.handle < $1.handle }) {
                let today = UserID(container.user).flatMap { view.usage.users[$0]?.day(at: now) }
                json.object { container.write(today ?? UsageSums(), to: &$0) }
            }
        }
        users.write(to: &json)
        writeModels(to: &json)
        writeAlerts(to: &json)
        json.key("rejected")
        json.array { json in
            for refusal in history.refusals.reversed() { json.object { refusal.writeRefusal(to: &$0) } }
        }
        writeHealth(to: &json)
    }

    private func writeModels(to json: inout JSONText) {
        let today = UsageBreakdown(
            from: now.day.start, to: now.day.next.start, bucket: .day, dimensions: [.provider, .model])
        let models = (history.usage(today, rowsMax: .max) ?? [:])
            .filter { !$0.key.model.isEmpty || $0.value.cost != .zero }
            .sorted { $0.value.cost == $1.value.cost ? $0.key < $1.key : $0.value.cost > $1.value.cost }
        json.key("models")
        json.array { json in
            for (group, sums) in models.prefix(Self.modelsMax) {
                json.object { json in
                    json.member("provider", group.provider)
                    json.member("model", group.model)
                    sums.write(to: &json)
                }
            }
        }
        json.member("modelsMore", max(models.count - Self.modelsMax, 0))
    }

    private func writeAlerts(to json: inout JSONText) {
        let firing = view.state.alerts.values.filter { $0.alert.status == .firing }
            .sorted { $0.position > $1.position }
        json.key("alerts")
        json.array { json in
            for known in firing.prefix(Self.alertsMax) {
                json.object { json in
                    json.member("name", known.alert.name)
                    json.member("severity", known.alert.severity)
                    json.member("summary", known.alert.summary)
                    json.member("startsAt", known.alert.startsAt.text)
                    json.member("from", known.alert.from)
                    json.member("position", known.position.value)
                }
            }
        }
        json.member("alertsMore", max(firing.count - Self.alertsMax, 0))
    }

    private func writeHealth(to json: inout JSONText) {
        json.key("journal")
        json.object { json in
            json.member("position", view.usage.position.value)
            json.member("writable", view.journal.failure == nil)
            // The time of the last sync alone would change with every event that it is part of anyway.
            let micros = Int128(view.journal.lastSyncNanoseconds / 1_000)
            json.key("syncMs")
            json.raw(String(decoding: DecimalText.bytes(micros, decimals: 3), as: UTF8.self))
        }
        json.key("postgres")
        if let postgres = source.postgres() {
            json.object { json in
                json.member("connected", postgres.isConnected)
                json.member("lagEvents", postgres.lagEvents)
            }
        } else {
            json.null()
        }
        json.key("engine")
        if let isConnected = source.engineConnected() {
            json.object { $0.member("connected", isConnected) }
        } else {
            json.null()
        }
    }

    private func writeDays(to json: inout JSONText) {
        let users = DashboardUsers.dearest(in: history, upTo: now.day)
        for back in (0..<Self.daysShown).reversed() {
            let day = Day(daysSince1970: now.day.daysSince1970 - back)
            json.object { writeDay(day, users: users, to: &$0) }
        }
    }

    private func writeDay(_ day: Day, users: Set<String>, to json: inout JSONText) {
        let breakdown = UsageBreakdown(
            from: day.start, to: day.next.start, bucket: .day, dimensions: [.user])
        let rows = history.usage(breakdown, rowsMax: .max) ?? [:]
        var sums = UsageSums()
        for row in rows.values { sums.add(row) }
        json.member("date", day.text)
        sums.write(to: &json)
        json.key("byUser")
        json.array { json in
            for (group, row) in rows.sorted(by: { $0.key < $1.key }) where users.contains(group.user) {
                json.object { json in
                    json.member("user", group.user)
                    json.key("costUsd")
                    json.raw(row.cost.decimalText)
                }
            }
        }
    }
}
