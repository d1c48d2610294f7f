import LedgerCore

/// The pure functions alone: no thread, no file.
struct PureScenario {
    private let settings: BenchmarkTool.Settings
    private let calls: SampleCalls
    private static let batch: Int64 = 4_000

    /// Works on the settings' number of events.
    init(_ settings: BenchmarkTool.Settings) {
        self.settings = settings
        calls = SampleCalls(users: settings.users)
    }

    /// Deciding and folding: a reservation and a settlement in turn.
    func decide() -> Figures {
        var state = LedgerState()
        var position: Int64 = 0
        let watch = Stopwatch()
        while position < settings.events {
            let call = calls.identity(position)
            let time = Timestamp(microseconds: 1_793_491_200_000_000 + position * 50_000)
            for command in [calls.reserve(call), .settle(calls.settled(call))] {
                for event in (try? state.decide(command, at: time)) ?? [] {
                    position += 1
                    state.evolve(
                        RecordedEvent(
                            position: Position(position), timestamp: time, id: call.callID, event: event))
                }
            }
        }
        var figures = Figures("decide")
        figures.add(count: position, of: "events", nanoseconds: watch.nanoseconds)
        return figures
    }

    /// Writing lines, in batches of the writer's size.
    func encode() -> Figures {
        let events = recorded()
        var bytes: [UInt8] = []
        var written: Int64 = 0
        var count: Int64 = 0
        let watch = Stopwatch()
        while count < settings.events {
            bytes.removeAll(keepingCapacity: true)
            for event in events { EventEncoder.append(event, to: &bytes) }
            count += Int64(events.count)
            written += Int64(bytes.count)
        }
        var figures = Figures("encode")
        figures.add(count: count, of: "events", nanoseconds: watch.nanoseconds)
        figures.add("bytesPerEvent", (Double(written) / Double(count)).rounded())
        return figures
    }

    /// Reading lines.
    func decode() throws(BenchmarkError) -> Figures {
        let lines = recorded().map { event in
            var bytes: [UInt8] = []
            EventEncoder.append(event, to: &bytes)
            let chain = String(repeating: "0", count: 64)
            return bytes + Array(",\"chain\":\"\(chain)\"}".utf8)
        }
        var count: Int64 = 0
        let watch = Stopwatch()
        while count < settings.events {
            for line in lines {
                do throws(CodecError) { count += try Self.decode(line) } catch { throw .failed("\(error)") }
            }
        }
        var figures = Figures("decode")
        figures.add(count: count, of: "events", nanoseconds: watch.nanoseconds)
        return figures
    }

    private static func decode(_ line: [UInt8]) throws(CodecError) -> Int64 {
        let decoded: Result<RecordedEvent, CodecError> = line.withUnsafeBytes { raw in
            do throws(CodecError) { return .success(try EventDecoder.decode(raw)) } catch {
                return .failure(error)
            }
        }
        return try decoded.get().position.value > 0 ? 1 : 0
    }

    private func recorded() -> [RecordedEvent] {
        (0..<Self.batch).map { number in
            let time = Timestamp(microseconds: 1_793_491_200_000_000 + number * 50_000)
            let call = calls.identity(number / 2)
            return RecordedEvent(
                position: Position(number + 1), timestamp: time,
                id: UniqueID(at: time, random: call.callID.bits),
                event: number % 2 == 0
                    ? .callReserved(calls.reserved(call)) : .callSettled(calls.settled(call)))
        }
    }
}
