/// Limits, groups and what is used.
extension SnapshotLines {
    mutating func add(_ user: UserID, _ quota: Quota, pattern: Position?) {
        add { line in
            line.field("user", user.text)
            EventEncoder.write(quota, to: &line)
            if let pattern { line.field("pattern", pattern.value) }
        }
    }

    mutating func add(_ subject: QuotaSubject, _ quota: Quota) {
        add { line in
            line.field("subject", subject.text)
            EventEncoder.write(quota, to: &line)
        }
    }

    mutating func add(_ user: UserID, _ groups: [GroupName]) {
        add { line in
            line.field("user", user.text)
            line.field("groups", groups.map(\.text))
        }
    }

    mutating func add(_ subject: QuotaSubject, _ meters: SubjectMeters) {
        add { line in
            line.field("subject", subject.text)
            EventEncoder.write(meters.calendar, to: &line)
            guard !meters.meters.isEmpty else { return }
            line.objects("meters", meters.meters) { fields, meter in
                EventEncoder.write(meter.limit, to: &fields)
                fields.field("crossings", meter.thresholds)
                fields.field("start", meter.start)
                fields.field("end", meter.end)
                fields.field("since", meter.since.value)
                EventEncoder.amount(meter.limit.measure, meter.used, ("usedUsd", "used"), to: &fields)
                EventEncoder.amount(
                    meter.limit.measure, meter.reserved, ("reservedUsd", "reserved"), to: &fields)
                EventEncoder.amount(
                    meter.limit.measure, meter.leased, ("leasedUsd", "leased"), to: &fields)
                fields.field("crossed", meter.crossed)
            }
        }
    }

    mutating func add(_ key: LimitsChange.Key, _ stamp: ChangeStamp) {
        add { line in
            switch key {
            case .limits(let subject): line.field("subject", subject.text)
            case .membership(let user, let group):
                line.field("user", user.text)
                line.field("group", group.text)
            }
            line.field("madeAt", stamp.madeAt)
            line.field("origin", stamp.origin)
        }
    }

    mutating func add(_ origin: String, _ copied: Position) {
        add { line in
            line.field("origin", origin)
            line.field("position", copied.value)
        }
    }
}
