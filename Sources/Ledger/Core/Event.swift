/// A fact in the past tense.
package enum Event: Hashable, Sendable {
    /// A call's worst case is held; the request may leave for the provider.
    case callReserved(CallReserved)
    /// A call has ended; its real usage and price are known, or known not to be known.
    case callSettled(CallSettled)
    /// A call was refused before it was sent.
    case callRejected(CallRejected)
    /// A reservation ended without a settlement.
    case callExpired(CallExpired)
    /// A user's limits were set.
    indirect case quotaSet(QuotaSet)
    /// A user's limits were removed.
    case quotaRemoved(QuotaRemoved)
    /// A user became a member of a group.
    case groupJoined(GroupJoined)
    /// A user left a group.
    case groupLeft(GroupLeft)
    /// A share of a limit is used up.
    indirect case thresholdCrossed(ThresholdCrossed)
    /// Another price book came into force.
    case pricesPublished(PricesPublished)
    /// An agent run begins.
    case dispatchStarted(DispatchStarted)
    /// An agent run has ended; kept apart in memory, because it is large and events of calls are many.
    indirect case dispatchCompleted(DispatchCompleted)
    /// An agent run was refused, or left the queue, before it began.
    case dispatchRejected(DispatchRejected)
    /// An alert from outside fired, or ended.
    case alertReceived(AlertReceived)
    /// Something happened to a container.
    case containerChanged(ContainerChanged)
    /// Usage that something outside reports, priced by us.
    case usageReported(UsageReported)
    /// A recorded cost is known better; kept apart in memory, because it is large and rare.
    indirect case costAdjusted(CostAdjusted)
    /// How much of a shared limit this journal may spend.
    indirect case leaseSet(LeaseSet)
    /// The ledger was held against a provider's own report.
    indirect case usageReconciled(UsageReconciled)

    /// The event's type, as the journal writes it.
    package var type: EventType {
        switch self {
        case .callReserved: .callReserved
        case .callSettled: .callSettled
        case .callRejected: .callRejected
        case .callExpired: .callExpired
        case .quotaSet: .quotaSet
        case .quotaRemoved: .quotaRemoved
        case .groupJoined: .groupJoined
        case .groupLeft: .groupLeft
        case .thresholdCrossed: .thresholdCrossed
        case .pricesPublished: .pricesPublished
        case .dispatchStarted: .dispatchStarted
        case .dispatchCompleted: .dispatchCompleted
        case .dispatchRejected: .dispatchRejected
        case .alertReceived: .alertReceived
        case .containerChanged(let event): EventType(event.change)
        case .usageReported: .usageReported
        case .costAdjusted: .costAdjusted
        case .leaseSet: .leaseSet
        case .usageReconciled: .usageReconciled
        }
    }

    /// The call that it belongs to; nil for events that are no call's.
    package var call: CallIdentity? {
        switch self {
        case .callReserved(let event): event.call
        case .callSettled(let event): event.call
        case .callRejected(let event): event.call
        case .callExpired(let event): event.call
        case .quotaSet, .quotaRemoved, .pricesPublished, .dispatchStarted, .dispatchCompleted,
            .dispatchRejected, .alertReceived, .containerChanged, .usageReported, .groupJoined, .groupLeft,
            .thresholdCrossed, .costAdjusted, .leaseSet, .usageReconciled:
            nil
        }
    }

    /// The agent run that it begins, ends or refuses; nil for all other events.
    package var dispatch: DispatchIdentity? {
        switch self {
        case .dispatchStarted(let event): event.dispatch
        case .dispatchCompleted(let event): event.dispatch
        case .dispatchRejected(let event): event.dispatch
        case .callReserved, .callSettled, .callRejected, .callExpired, .quotaSet, .quotaRemoved,
            .pricesPublished, .alertReceived, .containerChanged, .usageReported, .groupJoined, .groupLeft,
            .thresholdCrossed, .costAdjusted, .leaseSet, .usageReconciled:
            nil
        }
    }

    /// Whom it concerns; nil for the ledger itself.
    package var user: UserID? {
        switch self {
        case .callReserved(let event): event.user
        case .callSettled(let event): event.call.user
        case .callRejected(let event): event.user
        case .callExpired(let event): event.user
        case .quotaSet(let event): event.user
        case .quotaRemoved(let event): event.user
        case .groupJoined(let event): event.user
        case .groupLeft(let event): event.user
        case .thresholdCrossed(let event): event.subject.user
        case .leaseSet(let event): event.key.subject.user
        case .dispatchStarted(let event): event.dispatch.user
        case .dispatchCompleted(let event): event.dispatch.user
        case .dispatchRejected(let event): event.dispatch.user
        case .containerChanged(let event): event.container.user
        case .usageReported(let event): event.user
        case .costAdjusted(let event): event.user
        case .pricesPublished, .alertReceived, .usageReconciled: nil
        }
    }
}

/// The types of events, as the journal writes them.
package enum EventType: String, CaseIterable, Sendable {
    case callReserved = "call.reserved"
    case callSettled = "call.settled"
    case callRejected = "call.rejected"
    case callExpired = "call.expired"
    case quotaSet = "quota.set"
    case quotaRemoved = "quota.removed"
    case groupJoined = "group.joined"
    case groupLeft = "group.left"
    case thresholdCrossed = "threshold.crossed"
    case pricesPublished = "prices.published"
    case dispatchStarted = "dispatch.started"
    case dispatchCompleted = "dispatch.completed"
    case dispatchRejected = "dispatch.rejected"
    case alertReceived = "alert.received"
    case containerProvisioned = "container.provisioned"
    case containerStarted = "container.started"
    case containerStopped = "container.stopped"
    case containerDestroyed = "container.destroyed"
    case containerOOM = "container.oom"
    case usageReported = "usage.reported"
    case costAdjusted = "cost.adjusted"
    case leaseSet = "lease.set"
    case usageReconciled = "usage.reconciled"
}

extension EventType {
    /// The type of a container's change.
    package init(_ change: ContainerChange) {
        self =
            switch change {
            case .provisioned: .containerProvisioned
            case .started: .containerStarted
            case .stopped: .containerStopped
            case .destroyed: .containerDestroyed
            case .oom: .containerOOM
            }
    }
}

/// An event with its envelope: where, when and by what name it was recorded.
package struct RecordedEvent: Hashable, Sendable {
    /// Its place in the journal.
    package let position: Position
    /// When it was recorded; never earlier than the event before it.
    package let timestamp: Timestamp
    /// Its own identifier.
    package let id: UniqueID
    /// The fact.
    package let event: Event

    /// Creates a recorded event.
    package init(position: Position, timestamp: Timestamp, id: UniqueID, event: Event) {
        self.position = position
        self.timestamp = timestamp
        self.id = id
        self.event = event
    }

    /// The moment in whose hour and day it counts: its own, or of a correction that of what it corrects.
    package var countsAt: Timestamp {
        guard case .costAdjusted(let adjustment) = event else { return timestamp }
        return adjustment.target.recordedAt
    }
}
