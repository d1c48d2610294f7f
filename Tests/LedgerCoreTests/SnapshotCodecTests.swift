import LedgerCore
import Testing

@Suite("SnapshotCodec")
struct SnapshotCodecTests {
    /// The folds of random events: hostile texts, open calls, every kind of entry.
    private static func folds(_ number: UInt64, events: Int) throws -> (LedgerState, UsageProjection) {
        var random = RandomEvents(number)
        var state = LedgerState()
        var usage = UsageProjection()
        for position in 1...max(events, 1) where events > 0 {
            let recorded = RecordedEvent(
                position: Position(Int64(position)),
                timestamp: Timestamp(microseconds: Int64(position) * 40_000_000_000), id: random.id(),
                event: try random.event(of: random.seed.pick(EventType.allCases)))
            state.evolve(recorded)
            usage.evolve(recorded)
        }
        return (state, usage)
    }

    private static func decoded(
        _ bytes: [UInt8]
    ) -> Result<(state: LedgerState, usage: UsageProjection), CodecError> {
        bytes.withUnsafeBytes { raw in
            do throws(CodecError) { return .success(try SnapshotCodec.decode(raw)) } catch {
                return .failure(error)
            }
        }
    }

    @Test("what is saved is read back", arguments: [0, 1, 2, 20, 500])
    func roundTrip(_ events: Int) throws {
        let (state, usage) = try Self.folds(51, events: events)
        let bytes = SnapshotCodec.encode(state, usage)
        let read = try Self.decoded(bytes).get()
        #expect(read.state == state)
        #expect(read.usage == usage)
        #expect(SnapshotCodec.encode(read.state, read.usage) == bytes)
    }

    @Test("folding on from a snapshot is folding from the first event")
    func resumes() throws {
        var random = RandomEvents(52)
        var state = LedgerState()
        var usage = UsageProjection()
        var resumed = (state: state, usage: usage)
        for position in 1...300 {
            let recorded = RecordedEvent(
                position: Position(Int64(position)), timestamp: Timestamp(microseconds: Int64(position)),
                id: random.id(), event: try random.event(of: random.seed.pick(EventType.allCases)))
            state.evolve(recorded)
            usage.evolve(recorded)
            if position % 50 == 0 {
                resumed = try Self.decoded(SnapshotCodec.encode(resumed.state, resumed.usage)).get()
            }
            resumed.state.evolve(recorded)
            resumed.usage.evolve(recorded)
        }
        #expect(resumed.state == state)
        #expect(resumed.usage == usage)
    }

    @Test("a cut snapshot is refused, at every byte")
    func truncations() throws {
        let (state, usage) = try Self.folds(53, events: 6)
        let bytes = SnapshotCodec.encode(state, usage)
        for length in 0..<bytes.count {
            if case .success = Self.decoded(Array(bytes[..<length])) { Issue.record("cut at \(length)") }
        }
        if case .success = Self.decoded(bytes + [0x0A]) { Issue.record("a byte too many") }
    }

    @Test("a flipped bit is refused, in every byte")
    func bitFlips() throws {
        let (state, usage) = try Self.folds(54, events: 3)
        let bytes = SnapshotCodec.encode(state, usage)
        // One bit of each byte, another one each time: the checksum costs the length again for each.
        for place in bytes.indices {
            var flipped = bytes
            flipped[place] ^= 1 << UInt8(place % 8)
            if case .success = Self.decoded(flipped) { Issue.record("byte \(place)") }
        }
    }

    @Test("a missing, doubled or exchanged line is refused")
    func lines() throws {
        let (state, usage) = try Self.folds(55, events: 60)
        let lines: [[UInt8]] = SnapshotCodec.encode(state, usage).split(separator: 0x0A)
            .map { Array($0) + [0x0A] }
        for index in lines.indices {
            var without = lines
            without.remove(at: index)
            var twice = lines
            twice.insert(lines[index], at: index)
            for changed in [without, twice] {
                if case .success = Self.decoded(Array(changed.joined())) { Issue.record("line \(index)") }
            }
        }
    }

    @Test("the bytes are these")
    func matchesGolden() throws {
        var ledger = try Recorder(at: "2026-11-24T22:00:00Z")
        var usage = UsageProjection()
        let alice = try user("alice")
        try ledger.run(.publishPrices(PricesPublished(priceBook: "5f2a", models: 1, source: "f")))
        try ledger.run(.setQuota(alice, Quota(dailyLimit: try usd("10"), dailyTokens: 5_000), actor: "admin"))
        for number in 1...3 {
            try ledger.run(
                .reserve(
                    call(number, of: alice), Estimate(cost: try usd("0.5"), tokens: 100), priceBook: "5f2a",
                    isPriced: true))
        }
        try ledger.run(.settle(settled(call(1, of: alice), .priced(try usd("0.125")), input: 9, output: 2)))
        try ledger.run(.expire(call(2, of: alice).callID, .restart))
        let run = dispatch(1, of: alice)
        try ledger.run(.startDispatch(DispatchStarted(dispatch: run, queuedMilliseconds: 3, prompt: "hi")))
        try ledger.run(
            .reserve(
                call(4, of: alice, in: run), Estimate(cost: try usd("0.5"), tokens: 100), priceBook: "5f2a",
                isPriced: true))
        let other = dispatch(2, of: alice, source: "fax")
        try ledger.run(.startDispatch(DispatchStarted(dispatch: other, queuedMilliseconds: 0)))
        let cost = try usd("0.25")
        try ledger.run(
            .completeDispatch(report(other, shares: [share("m", cost, input: 1)], cost: .priced(cost))))
        for case .alertReceived(let alert) in try Examples.gatewayEvents(of: .alertReceived) {
            try ledger.run(.receiveAlert(alert))
        }
        for type in [EventType.containerProvisioned, .containerOOM] {
            for case .containerChanged(let change) in try Examples.containerEvents(of: type) {
                try ledger.run(.changeContainer(change))
            }
        }
        for report in try Examples.usageReports() { try ledger.run(.reportUsage(report)) }
        for result in try Examples.reconciliations() { try ledger.run(.reconcile(result)) }
        for event in ledger.events { usage.evolve(event) }
        try expectGolden(SnapshotCodec.encode(ledger.state, usage), named: "journal/snapshot.jsonl")
    }
}
