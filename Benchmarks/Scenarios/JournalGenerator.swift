import LedgerCore
import LedgerJournal
import Lifecycle

/// Writes a journal of calls, reserved and settled, as the ledger's writer would, without deciding or
/// syncing.
///
/// With agent runs it is a platform's month: each user has limits first, then runs of so many calls each.
struct JournalGenerator {
    private let settings: BenchmarkTool.Settings
    private let calls: SampleCalls
    private let first: Timestamp
    private let step: Int64

    /// A generator of the settings' number of events under their home.
    init(_ settings: BenchmarkTool.Settings) {
        self.settings = settings
        calls = SampleCalls(users: settings.users)
        if let days = settings.days {
            let span = days * 86_400_000_000
            first = Timestamp(microseconds: SystemClock.nowMicroseconds() - span)
            step = span / settings.events
        } else {
            // Twenty events a second from 1 November 2026 on: a million events are fourteen hours.
            first = Timestamp(microseconds: 1_793_491_200_000_000)
            step = 50_000
        }
    }

    /// Writes the journal, unless it is there already.
    func run() throws(BenchmarkError) -> Figures {
        let watch = Stopwatch()
        do {
            let (writer, _) = try JournalWriter.open(
                directory: settings.home + "/system/logs", origin: "bench", durability: .os)
            defer { writer.close() }
            guard writer.lastPosition < settings.events else { return figures(watch) }
            var position = writer.lastPosition
            while position < settings.events { try append(after: &position, to: writer) }
        } catch { throw .failed("\(error)") }
        return figures(watch)
    }

    /// Appends a piece, of one day.
    private func append(after position: inout Int64, to writer: JournalWriter) throws(JournalError) {
        let last = min(position + 4_000, settings.events)
        let day = time(of: position + 1).day
        var bytes: [UInt8] = []
        var ends: [Int] = []
        while position < last {
            let time = time(of: position + 1)
            guard time.day == day else { break }
            position += 1
            let event = event(position)
            let id = UniqueID(at: time, random: UInt128(position))
            EventEncoder.append(
                RecordedEvent(position: Position(position), timestamp: time, id: id, event: event), to: &bytes
            )
            ends.append(bytes.count)
        }
        try writer.append(bytes, ends: ends, day: day)
    }

    private func time(of position: Int64) -> Timestamp {
        Timestamp(microseconds: first.microseconds + position * step)
    }

    private func event(_ position: Int64) -> Event {
        guard let callsEach = settings.callsPerDispatch else {
            return call((position - 1) / 2, isEnd: position % 2 == 0, in: nil)
        }
        let users = Int64(calls.users.count)
        guard position > users else { return .quotaSet(calls.quota(of: calls.users[Int(position - 1)])) }
        // A run is its start, its calls one after the other, and its end.
        let (number, place) = (position - 1 - users).quotientAndRemainder(dividingBy: callsEach * 2 + 2)
        let dispatch = calls.dispatch(number)
        if place == 0 { return .dispatchStarted(DispatchStarted(dispatch: dispatch, queuedMilliseconds: 0)) }
        guard place <= callsEach * 2 else {
            return .dispatchCompleted(calls.completed(dispatch, calls: callsEach))
        }
        return call(number * callsEach + (place - 1) / 2, isEnd: place % 2 == 0, in: dispatch)
    }

    private func call(_ number: Int64, isEnd: Bool, in dispatch: DispatchIdentity?) -> Event {
        let call = calls.identity(number, in: dispatch)
        return isEnd ? .callSettled(calls.settled(call)) : .callReserved(calls.reserved(call))
    }

    private func figures(_ watch: Stopwatch) -> Figures {
        var figures = Figures("generate")
        figures.add(count: settings.events, of: "events", nanoseconds: watch.nanoseconds)
        return figures
    }
}
