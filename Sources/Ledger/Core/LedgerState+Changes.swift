/// Which change of limits and groups was the last, here and in other journals.
extension LedgerState {
    /// The most subjects and memberships that anybody ever changed.
    package static let changesMax = 4_000_000

    /// `event` as it is to be recorded: after the change that it replaces, though another clock made that.
    func dated(_ event: Event, at time: Timestamp) throws(Rejection) -> Event {
        guard let change = LimitsChange(event) else { return event }
        guard hasRoom(for: change.key) else { throw .tooMany }
        guard let last = changes[change.key], last.madeAt >= max(time, lastTimestamp) else { return event }
        return change.made(ChangeSource(madeAt: Timestamp(microseconds: last.madeAt.microseconds + 1)))
    }

    /// Whether `recorded`, in the journal `origin`, is a change that is later than what is known here, in
    /// `own`.
    package func lacks(_ recorded: RecordedEvent, in origin: String, own: String) -> Bool {
        guard let change = LimitsChange(recorded.event), change.source?.copiedFrom == nil
        else { return false }
        guard let last = changes[change.key] else { return true }
        return last.isBefore(change.madeAt(in: recorded), in: origin, own: own)
    }

    /// The events that copy to this journal, `own`, what `recorded` changed in the journal `origin`, where
    /// they follow each other: of each key the last, unless a later one is known here.
    ///
    /// What there is no room for is left out: afterwards, ``lacks(_:in:own:)`` still says so.
    func copies(
        of recorded: [RecordedEvent], from origin: String, to own: String, at now: Timestamp
    ) -> [Event] {
        let new = recorded.filter { lacks($0, in: origin, own: own) }
        let changes = new.compactMap { LimitsChange($0.event) }
        let last = Dictionary(zip(changes.map(\.key), new.map(\.position))) { $1 }
        var memberships = memberships(of: changes)
        var events: [Event] = []
        for (change, recorded) in zip(changes, new)
        where last[change.key] == recorded.position && hasRoom(for: change.key) {
            let copy = change.made(
                ChangeSource(
                    madeAt: change.madeAt(in: recorded),
                    copiedFrom: CopiedEvent(origin: origin, position: recorded.position)))
            switch copy {
            case .quotaSet(let event): events += (try? set(event, at: now)) ?? []
            case .groupJoined(let event):
                // Recorded also where the user is in it: from then on, this was the last change.
                var after = memberships
                after.join(event.user, event.group)
                guard after[event.user]?.count ?? 0 <= Self.groupsMax else { continue }
                memberships = after
                events.append(copy)
            case .groupLeft(let event):
                memberships.leave(event.user, event.group)
                events.append(copy)
            default: events.append(copy)
            }
        }
        return events
    }

    /// The groups of the users whose memberships change.
    private func memberships(of changes: [LimitsChange]) -> [UserID: [GroupName]] {
        var known: [UserID: [GroupName]] = [:]
        for case .membership(let user, _) in changes.map(\.key) { known[user] = groups[user] }
        return known
    }

    private func hasRoom(for key: LimitsChange.Key) -> Bool {
        changes[key] != nil || changes.count < Self.changesMax
    }

    /// Takes note of who changed what last.
    mutating func keepStamp(of recorded: RecordedEvent) {
        guard let change = LimitsChange(recorded.event) else { return }
        let copied = change.source?.copiedFrom
        changes[change.key] = ChangeStamp(madeAt: change.madeAt(in: recorded), origin: copied?.origin)
        if let copied {
            self.copied[copied.origin] = max(self.copied[copied.origin] ?? Position(0), copied.position)
        }
    }
}

extension LimitsChange {
    /// When it counts as made, recorded as it is.
    fileprivate func madeAt(in recorded: RecordedEvent) -> Timestamp {
        source?.madeAt ?? recorded.timestamp
    }
}
