import LedgerCore
import LedgerJournal
import Logging

/// The writer thread's own state and its loop: drain, decide, write once, sync once, publish, answer all.
///
/// ```
///            append ok                       reopened at the durable mark
///   ┌────────────────────┐            ┌──────────────────────────────────┐
///   ▼                    │            ▼                                  │
/// writing ── batch ──────┘  ── append fails ──► failed ── next try ──────┘
///                                                 │ every command: unavailable
/// ```
// SAFETY: created before the writer thread starts and used by that thread alone afterwards.
final class WriterLoop: @unchecked Sendable {
    private let ledger: Ledger
    private let log: Logger
    private var journal: JournalWriter?
    /// The durable fold; `pending` runs ahead of it by the batch in hand.
    private var durable: LedgerView
    private var pending: LedgerState
    private var retryNotBefore: UInt64 = 0
    private var snapshotAt: Int64
    private var random = SystemRandomNumberGenerator()
    /// What has to be recorded before any caller's command, kept until it is.
    private var opening: [Command] = []

    /// Lines beyond this wait for the next write: half of what the journal takes, so that one more line
    /// always fits.
    private static let writeBytesMax = JournalWriter.batchBytesMax / 2

    init(ledger: Ledger, journal: JournalWriter, view: LedgerView, log: Logger) {
        self.ledger = ledger
        self.journal = journal
        self.log = log
        durable = view
        pending = view.state
        snapshotAt = view.usage.position.value + ledger.configuration.snapshotInterval
    }

    /// Takes what has to be recorded before any caller's command.
    ///
    /// Calls end before the agent runs that they belong to, so that each run's memo has them.
    func start(prices: PriceBook, from source: String) {
        let published = PricesPublished(
            priceBook: prices.hash, models: Int64(prices.models.count), source: source)
        opening = [.publishPrices(published)]
        opening += pending.open.keys.sorted(by: { $0.bits < $1.bits }).map { .expire($0, .restart) }
        opening += pending.dispatches.keys.sorted(by: { $0.bits < $1.bits }).map {
            .abandonDispatch($0, .restart)
        }
    }

    func run() {
        recordOpening()
        while let batch = nextBatch() {
            lookAfterJournal()
            recordOpening()
            perform(batch)
        }
        saveSnapshot()
        journal?.close()
    }

    /// Opens a failed journal again when its time has come, also without a caller; ends a damaged one.
    private func lookAfterJournal() {
        if let damage = ledger.damage { condemn(damage) }
        _ = openJournal()
    }

    /// What came in; while the journal is closed the wait is bounded, so that it opens again without a
    /// caller.
    private func nextBatch() -> [Request]? {
        ledger.nextBatch(
            max: ledger.configuration.batchMax,
            waitMilliseconds: journal == nil ? ledger.configuration.reopenPauseMilliseconds : nil)
    }

    private func recordOpening() {
        while !opening.isEmpty {
            let part = opening.prefix(ledger.configuration.batchMax)
            guard perform(part.map { Request(command: $0) { _ in } }) else { return }
            opening.removeFirst(part.count)
        }
    }

    /// Judges and records `batch` and answers it; false: the journal cannot be written.
    @discardableResult
    private func perform(_ batch: [Request]) -> Bool {
        var rest = batch[...]
        while !rest.isEmpty {
            let count = performFirst(of: rest)
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Records and answers as many of `batch` as one write holds; 0: the journal cannot be written, all were
    /// told.
    private func performFirst(of batch: ArraySlice<Request>) -> Int {
        guard let journal = openJournal() else {
            let reason = durable.journal.failure ?? "the journal is closed"
            for request in batch { request.reply(.failure(.unavailable(reason))) }
            return 0
        }
        var lines = BatchLines()
        let now = max(ledger.configuration.now(), pending.lastTimestamp)
        let sharing = ledger.sharing
        var answers: [Result<ClosedRange<Int>?, LedgerError>] = []
        answers.reserveCapacity(batch.count)
        for request in batch {
            guard lines.bytes.count < Self.writeBytesMax else { break }
            do throws(Rejection) {
                let scope = sharing == nil ? BudgetScope.own : .shared(request.shortage)
                let events = try pending.decide(request.command, at: now, in: scope)
                let first = lines.recorded.count
                for event in events { record(event, at: now, in: &lines) }
                answers.append(.success(events.isEmpty ? nil : first...(lines.recorded.count - 1)))
            } catch { answers.append(.failure(.rejected(error))) }
        }
        if !lines.recorded.isEmpty {
            do throws(JournalError) {
                let began = ledger.configuration.monotonicNanoseconds()
                try journal.append(lines.bytes, ends: lines.ends, day: now.day)
                finish(lines, syncNanoseconds: ledger.configuration.monotonicNanoseconds() - began)
            } catch {
                fail(error)
                for request in batch { request.reply(.failure(.unavailable("\(error)"))) }
                return 0
            }
        }
        answer(batch, answers, lines.recorded)
        sharing?.note(lines.recorded, in: durable.state)
        if durable.usage.position.value >= snapshotAt { saveSnapshot() }
        return answers.count
    }

    private func record(_ event: Event, at now: Timestamp, in lines: inout BatchLines) {
        let random = UInt128(self.random.next()) << 64 | UInt128(self.random.next())
        let recorded = RecordedEvent(
            position: Position(durable.usage.position.value + Int64(lines.recorded.count) + 1),
            timestamp: now,
            id: UniqueID(at: now, random: random), event: event)
        pending.evolve(recorded)
        EventEncoder.append(recorded, to: &lines.bytes)
        lines.ends.append(lines.bytes.count)
        lines.recorded.append(recorded)
    }

    private func finish(_ lines: BatchLines, syncNanoseconds: UInt64) {
        for recorded in lines.recorded { durable.evolve(recorded) }
        durable.journal.failure = nil
        durable.journal.lastSyncNanoseconds = syncNanoseconds
        durable.journal.syncs += 1
        durable.journal.syncNanoseconds += syncNanoseconds
        durable.journal.events += Int64(lines.recorded.count)
        if let journal { durable.mark = journal.durableMark }
        let (health, mark) = (durable.journal, durable.mark)
        ledger.publish { view in
            for recorded in lines.recorded { view.evolve(recorded) }
            view.journal = health
            view.mark = mark
        }
    }

    private func answer(
        _ batch: ArraySlice<Request>, _ answers: [Result<ClosedRange<Int>?, LedgerError>],
        _ recorded: [RecordedEvent]
    ) {
        for (request, answer) in zip(batch, answers) {
            switch answer {
            case .success(let range):
                let events = range.map { Array(recorded[$0]) } ?? []
                request.reply(.success(Receipt(events: events, remaining: remaining(after: events))))
            case .failure(.rejected(.notLeased(let needs))):
                guard let sharing = ledger.sharing else {
                    request.reply(.failure(.rejected(.notLeased(needs))))
                    continue
                }
                sharing.onShortage(request, needs)
            case .failure(let error): request.reply(.failure(error))
            }
        }
    }

    /// What is left of the tightest money limit that the user or the call falls under whom `events` concern.
    private func remaining(after events: [RecordedEvent]) -> Money? {
        guard let recorded = events.last(where: { $0.event.call != nil }) ?? events.last,
            let user = recorded.event.user
        else { return nil }
        let payers = durable.state.payers(user, model: recorded.event.call?.model ?? "")
        return durable.state.moneyLeft(to: payers, at: recorded.timestamp)
    }

    // MARK: Failure and recovery

    private func fail(_ error: JournalError) {
        log.error(
            "journal append failed; nothing is acknowledged until it is open again", ["error": "\(error)"])
        journal?.close()
        journal = nil
        pending = durable.state
        durable.journal.failure = "\(error)"
        retryNotBefore = pauseEnd
        publishHealth()
    }

    /// Ends recording for good: what the journal says can no longer be trusted.
    private func condemn(_ reason: String) {
        guard durable.journal.failure != reason else { return }
        journal?.close()
        journal = nil
        durable.journal.failure = reason
        retryNotBefore = .max
        publishHealth()
    }

    /// The open journal; after a failure a fresh one, cut back to what is durable and going on in a new
    /// segment.
    private func openJournal() -> JournalWriter? {
        if let journal { return journal }
        guard ledger.configuration.monotonicNanoseconds() >= retryNotBefore else { return nil }
        do throws(LedgerError) {
            journal = try OpenedJournal.reopen(ledger.configuration, at: durable.mark)
            durable.journal.failure = nil
            publishHealth()
            log.info("journal is open again", ["position": "\(durable.usage.position.value)"])
            return journal
        } catch {
            durable.journal.failure = "\(error)"
            retryNotBefore = pauseEnd
            return nil
        }
    }

    /// When the next try to open the journal may be made.
    private var pauseEnd: UInt64 {
        ledger.configuration.monotonicNanoseconds()
            + UInt64(ledger.configuration.reopenPauseMilliseconds) * 1_000_000
    }

    private func publishHealth() {
        let health = durable.journal
        ledger.publish { $0.journal = health }
    }

    private func saveSnapshot() {
        snapshotAt = durable.usage.position.value + ledger.configuration.snapshotInterval
        guard journal != nil, durable.usage.position.value > 0 else { return }
        Snapshot.save(durable, ledger.configuration, log: log)
    }
}

/// The lines of one batch, back to back.
private struct BatchLines {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    var recorded: [RecordedEvent] = []
}
