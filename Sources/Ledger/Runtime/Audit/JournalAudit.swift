import LedgerCore
import LedgerJournal
import LedgerStore

/// What `verify` checks of each event beyond its chain, and the folds that saved ones are compared with.
struct JournalAudit {
    private(set) var events: Int64 = 0
    private(set) var calls: Int64 = 0
    private(set) var dispatches: Int64 = 0
    private(set) var position: Int64 = 0
    private(set) var chain: ChainHash?
    private(set) var findings: [String] = []
    private var crossings = CrossingAudit()
    /// What the database must hold; folded up to its checkpoint.
    private(set) var expected = ExpectedStore()
    /// Whether the saved fold was met on the way.
    private(set) var hasComparedSnapshot = false
    private let head: StoreHead?
    private let saved: LedgerView?
    /// The places whose chain is kept.
    private let marks: Set<Int64>
    private var view: LedgerView
    private var line: [UInt8] = []

    /// Begins before the first event.
    ///
    /// - Parameters:
    ///   - origin: the journal's.
    ///   - head: how far the database is; nil: it is not compared.
    ///   - saved: a fold that was saved; nil: there is none to compare.
    init(origin: String, head: StoreHead?, saved: LedgerView?) {
        self.head = head
        self.saved = saved
        view = LedgerView(origin: origin)
        marks = Set(
            (head?.seals ?? []).flatMap {
                [$0.positions.lowerBound.value - 1, $0.positions.upperBound.value]
            } + [head?.checkpoint?.position.value].compactMap { $0 })
        if marks.contains(0) { expected.chains[0] = .genesis(origin: origin) }
    }

    var openCalls: Int { state.open.count }

    /// What may be wrong, and may be the trace of a crash.
    var remarks: [String] { crossings.remarks }

    var openDispatches: Int { state.dispatches.count }

    private var state: LedgerState { view.state }

    /// Checks one line and folds its event in.
    mutating func check(_ line: JournalLine, _ recorded: RecordedEvent) {
        let place = "\(line.segment) line \(line.line)"
        self.line.removeAll(keepingCapacity: true)
        EventEncoder.append(recorded, to: &self.line)
        if !self.line.elementsEqual(line.body) {
            findings.append("\(place): the bytes are not the ones that this event is written as")
        }
        if recorded.timestamp < view.state.lastTimestamp {
            findings.append("\(place): recorded time goes back")
        }
        checkCall(recorded, place)
        checkDispatch(recorded, place)
        checkPlatform(recorded, place)
        findings += crossings.check(recorded, place, after: view.state)
        view.evolve(recorded)
        events += 1
        position = recorded.position.value
        chain = line.chain
        if marks.contains(position) { expected.chains[position] = line.chain }
        if position == saved?.mark.position { compareSaved(line.chain) }
        guard let stop = head?.checkpoint?.position, recorded.position <= stop else { return }
        expected.fold(
            recorded, chain: line.chain,
            isStored: head?.positions.map { recorded.position >= $0.lowerBound } ?? false)
        if recorded.position == stop { expected.end(with: view) }
    }

    /// Adds what can be said only at the end of the journal.
    mutating func finish() {
        guard let saved, !hasComparedSnapshot else { return }
        findings.append(
            "snapshot: saved at position \(saved.mark.position), and the journal ends at \(position)")
    }

    private mutating func compareSaved(_ chain: ChainHash) {
        guard let saved else { return }
        hasComparedSnapshot = true
        if saved.mark.chain != chain {
            findings.append("snapshot: its chain at position \(position) is not the journal's")
        }
        let folded = SnapshotCodec.encode(view.state, view.usage)
        if folded != SnapshotCodec.encode(saved.state, saved.usage) {
            findings.append(
                "snapshot: what was saved at position \(position) is not what the journal folds to")
        }
    }

    private mutating func checkCall(_ recorded: RecordedEvent, _ place: String) {
        switch recorded.event {
        case .callReserved(let event):
            if view.state.open[event.call.callID] != nil {
                findings.append("\(place): the call is open already")
            }
        case .callSettled(let event):
            calls += 1
            if view.state.open[event.call.callID] == nil {
                findings.append("\(place): no open call is settled by this")
            }
        case .callExpired(let event):
            calls += 1
            guard let open = view.state.open[event.call.callID] else {
                return findings.append("\(place): no open call expires here")
            }
            if event.cost.charged != open.amount {
                findings.append("\(place): not the amount that was reserved")
            }
        case .callRejected, .quotaSet, .quotaRemoved, .groupJoined, .groupLeft, .thresholdCrossed, .leaseSet,
            .pricesPublished, .dispatchStarted, .dispatchCompleted, .dispatchRejected, .alertReceived,
            .containerChanged, .usageReported, .usageReconciled:
            break
        case .costAdjusted(let event):
            if event.target.position >= recorded.position {
                findings.append("\(place): what it corrects comes later")
            }
        }
    }

    /// Checks that nothing is recorded of a container that is not there, and no report twice.
    private mutating func checkPlatform(_ recorded: RecordedEvent, _ place: String) {
        switch recorded.event {
        case .containerChanged(let event) where event.change != .provisioned:
            if view.state.containers[event.container.handle]?.container != event.container {
                findings.append("\(place): no such container is there")
            }
        case .usageReported(let event):
            if let known = view.state.report(source: event.source, id: event.reportID) {
                findings.append("\(place): the report is recorded at position \(known.position.value)")
            }
        default: break
        }
    }

    /// Checks that runs begin and end in pairs, and that what one says of its calls is what they came to.
    private mutating func checkDispatch(_ recorded: RecordedEvent, _ place: String) {
        guard let dispatch = recorded.event.dispatch else { return }
        let open = view.state.dispatches[dispatch.dispatchID]
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
        let memo = view.state.memo(of: open)
        if event.usage != memo.usage || event.cost != memo.cost
            || !event.models.isEmpty && event.models != memo.shares
        {
            findings.append("\(place): the agent run's memo is not what its calls came to")
        }
    }
}
