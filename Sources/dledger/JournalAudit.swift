import LedgerCore
import LedgerJournal

/// What `verify` checks of each event beyond its chain, and the fold that PostgreSQL is compared with.
struct JournalAudit {
    private(set) var events: Int64 = 0
    private(set) var calls: Int64 = 0
    private(set) var dispatches: Int64 = 0
    private(set) var position: Int64 = 0
    private(set) var chain: ChainHash?
    private(set) var findings: [String] = []
    /// Sums up to the place where the database stands.
    private(set) var sums: [RollupKey: UsageSums] = [:]
    /// Events by user, type, provider and model, up to the same place.
    private(set) var groups: [EventGroup: EventSums] = [:]
    /// The containers at that place.
    private(set) var containers: [ContainerHandle: KnownContainer] = [:]
    /// The chain at that place.
    private(set) var stopChain: ChainHash?
    private let stopAt: Position?
    private var state = LedgerState()
    private var line: [UInt8] = []

    init(stopAt: Position?) { self.stopAt = stopAt }

    var openCalls: Int { state.open.count }

    var openDispatches: Int { state.dispatches.count }

    /// Checks one line and folds its event in.
    mutating func check(_ line: JournalLine, _ recorded: RecordedEvent) {
        let place = "\(line.segment) line \(line.line)"
        self.line.removeAll(keepingCapacity: true)
        EventEncoder.append(recorded, to: &self.line)
        if !self.line.elementsEqual(line.body) {
            findings.append("\(place): the bytes are not the ones that this event is written as")
        }
        if recorded.timestamp < state.lastTimestamp { findings.append("\(place): recorded time goes back") }
        checkCall(recorded, place)
        checkDispatch(recorded, place)
        checkPlatform(recorded, place)
        state.evolve(recorded)
        events += 1
        position = recorded.position.value
        chain = line.chain
        if stopAt.map({ recorded.position <= $0 }) ?? true { fold(recorded) }
        if recorded.position == stopAt {
            stopChain = line.chain
            containers = state.containers
        }
    }

    private mutating func checkCall(_ recorded: RecordedEvent, _ place: String) {
        switch recorded.event {
        case .callReserved(let event):
            if state.open[event.call.callID] != nil { findings.append("\(place): the call is open already") }
        case .callSettled(let event):
            calls += 1
            if state.open[event.call.callID] == nil {
                findings.append("\(place): no open call is settled by this")
            }
        case .callExpired(let event):
            calls += 1
            guard let open = state.open[event.call.callID] else {
                return findings.append("\(place): no open call expires here")
            }
            if event.cost.charged != open.amount {
                findings.append("\(place): not the amount that was reserved")
            }
        case .callRejected, .quotaSet, .quotaRemoved, .pricesPublished, .dispatchStarted,
            .dispatchCompleted, .dispatchRejected, .alertReceived, .containerChanged, .usageReported:
            break
        }
    }

    /// Checks that nothing is recorded of a container that is not there, and no report twice.
    private mutating func checkPlatform(_ recorded: RecordedEvent, _ place: String) {
        switch recorded.event {
        case .containerChanged(let event) where event.change != .provisioned:
            if state.containers[event.container.handle]?.container != event.container {
                findings.append("\(place): no such container is there")
            }
        case .usageReported(let event):
            if let known = state.report(source: event.source, id: event.reportID) {
                findings.append("\(place): the report is recorded at position \(known.position.value)")
            }
        default: break
        }
    }

    /// Checks that runs begin and end in pairs, and that what one says of its calls is what they came to.
    private mutating func checkDispatch(_ recorded: RecordedEvent, _ place: String) {
        guard let dispatch = recorded.event.dispatch else { return }
        let open = state.dispatches[dispatch.dispatchID]
        guard case .dispatchCompleted(let event) = recorded.event else {
            if open != nil { findings.append("\(place): the agent run is open already") }
            return
        }
        dispatches += 1
        guard let open else { return findings.append("\(place): no open agent run ends here") }
        if open.dispatch != dispatch { findings.append("\(place): not the agent run that began") }
        if event.calls != open.linkedCalls {
            findings.append("\(place): \(event.calls) calls, of which \(open.linkedCalls) are recorded")
        }
        guard event.billing == .proxied, open.linkedCalls > 0 else { return }
        let memo = state.memo(of: open)
        if event.usage != memo.usage || event.cost != memo.cost
            || !event.models.isEmpty && event.models != memo.shares
        {
            findings.append("\(place): the agent run's memo is not what its calls came to")
        }
    }

    private mutating func fold(_ recorded: RecordedEvent) {
        UsageDelta.each(of: recorded) { sums[$0.key, default: UsageSums()].add($0.sums) }
        groups[EventGroup(recorded), default: EventSums()].add(recorded)
    }
}

/// What rows of `events` are grouped by when they are compared.
struct EventGroup: Hashable {
    let user: String
    let type: String
    let provider: String
    let model: String

    init(user: String, type: String, provider: String, model: String) {
        self.user = user
        self.type = type
        self.provider = provider
        self.model = model
    }

    init(_ recorded: RecordedEvent) {
        let model: (provider: String, name: String)?
        switch recorded.event {
        case .dispatchCompleted(let event): model = (event.provider, event.model)
        case .usageReported(let event): model = (event.provider, event.model)
        default: model = recorded.event.call.map { ($0.provider, $0.model) }
        }
        self.init(
            user: recorded.event.user?.text ?? "", type: recorded.event.type.rawValue,
            provider: model?.provider ?? "", model: model?.name ?? "")
    }
}

/// What is compared of a group.
struct EventSums: Hashable {
    var count: Int64 = 0
    var inputTokens: Int64 = 0
    var outputTokens: Int64 = 0
    var cost = Money.zero

    mutating func add(_ recorded: RecordedEvent) {
        count += 1
        switch recorded.event {
        case .callSettled(let event):
            inputTokens += event.usage.inputTokens
            outputTokens += event.usage.outputTokens
            cost = cost.addingClamped(event.cost.amount)
        case .callExpired(let event): cost = cost.addingClamped(event.cost.amount)
        case .dispatchCompleted(let event):
            inputTokens += event.usage.inputTokens
            outputTokens += event.usage.outputTokens
            cost = cost.addingClamped(event.cost.amount)
        case .usageReported(let event):
            inputTokens += event.usage.inputTokens
            outputTokens += event.usage.outputTokens
            cost = cost.addingClamped(event.cost.amount)
        case .callReserved, .callRejected, .quotaSet, .quotaRemoved, .pricesPublished, .dispatchStarted,
            .dispatchRejected, .alertReceived, .containerChanged:
            break
        }
    }
}
