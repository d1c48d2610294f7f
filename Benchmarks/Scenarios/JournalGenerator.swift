import Files
import LedgerCore
import LedgerJournal

/// Writes a journal of calls, reserved and settled, as the ledger's writer would, without deciding or
/// syncing.
struct JournalGenerator {
    private let settings: BenchmarkTool.Settings

    /// A generator of the settings' number of events under their home.
    init(_ settings: BenchmarkTool.Settings) { self.settings = settings }

    /// Writes the journal, unless it is there already.
    func run() throws(BenchmarkError) -> Figures {
        let watch = Stopwatch()
        do {
            let (writer, _) = try JournalWriter.open(
                directory: settings.home + "/system/logs", origin: "bench", durability: .os)
            defer { writer.close() }
            guard writer.lastPosition < settings.events else { return figures(watch) }
            var position = writer.lastPosition
            while position < settings.events {
                try append(upTo: min(position + 4_000, settings.events), after: &position, to: writer)
            }
        } catch { throw .failed("\(error)") }
        return figures(watch)
    }

    private func append(
        upTo last: Int64, after position: inout Int64, to writer: JournalWriter
    ) throws(JournalError) {
        let calls = SampleCalls(users: settings.users)
        var bytes: [UInt8] = []
        var ends: [Int] = []
        var time = Timestamp(microseconds: 0)
        while position < last {
            position += 1
            // Twenty events a second from 1 November 2026 on: a million events are fourteen hours.
            time = Timestamp(microseconds: 1_793_491_200_000_000 + position * 50_000)
            let call = calls.identity((position - 1) / 2)
            let event =
                position % 2 == 1
                ? Event.callReserved(calls.reserved(call)) : .callSettled(calls.settled(call))
            let id = UniqueID(at: time, random: call.callID.bits)
            EventEncoder.append(
                RecordedEvent(position: Position(position), timestamp: time, id: id, event: event), to: &bytes
            )
            ends.append(bytes.count)
        }
        try writer.append(bytes, ends: ends, day: time.day)
    }

    private func figures(_ watch: Stopwatch) -> Figures {
        var figures = Figures("generate")
        figures.add(count: settings.events, of: "events", nanoseconds: watch.nanoseconds)
        return figures
    }
}
