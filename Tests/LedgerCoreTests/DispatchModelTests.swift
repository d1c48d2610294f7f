import LedgerCore
import Testing

/// The memo rule kept naively: every call with its run, summed anew at each run's end.
@Suite("Agent runs against a naive model")
struct DispatchModelTests {
    private struct Entry {
        let number: Int
        let call: CallIdentity
        let run: Int?
        let held: Money
        var cost: Cost?
        var tokens: Int64 = 0
    }

    private struct Run {
        var seed: Seed
        var ledger: Recorder
        let users: [UserID]
        var calls: [Entry] = []
        /// The users of open runs.
        var runs: [Int: UserID] = [:]
        var nextRun = 1
        var ended = 0

        init(_ number: UInt64) throws {
            seed = Seed(number)
            ledger = try Recorder(at: "2026-11-27T12:00:00Z")
            users = try ["a", "b"].map { try user($0) }
        }

        mutating func step() throws {
            switch seed.number(0...9) {
            case 0: try start()
            case 1...4: try reserve()
            case 5...8: try end()
            default: try complete()
            }
        }

        mutating func start() throws {
            let user = seed.pick(users)
            try ledger.run(
                .startDispatch(
                    DispatchStarted(dispatch: dispatch(nextRun, of: user), queuedMilliseconds: 0)))
            runs[nextRun] = user
            nextRun += 1
        }

        mutating func reserve() throws {
            let user = seed.pick(users)
            // Also runs that have ended, that never were, and those of the other user.
            let claimed = Int(seed.number(0...Int64(nextRun)))
            let model = seed.pick(["m1", "m2", "m3"])
            let call = call(calls.count + 1, of: user, model: model, in: dispatch(claimed, of: user))
            let held = Money(attos: Int128(seed.number(1...1_000)))
            try ledger.run(
                .reserve(call, Estimate(cost: held, tokens: 9), priceBook: "b", isPriced: true))
            let run = runs[claimed] == user ? claimed : nil
            calls.append(Entry(number: calls.count, call: call, run: run, held: held))
        }

        mutating func end() throws {
            let open = calls.filter { $0.cost == nil }
            guard !open.isEmpty else { return }
            var entry = seed.pick(open)
            if seed.once(in: 5) {
                try ledger.run(.expire(entry.call.callID, .restart))
                entry.cost = .estimated(entry.held)
            } else {
                let cost =
                    seed.once(in: 12) ? Cost.unpriced(holding: entry.held) : .priced(entry.held)
                entry.tokens = seed.number(0...50)
                try ledger.run(.settle(settled(entry.call, cost, input: entry.tokens)))
                entry.cost = cost
            }
            calls[entry.number] = entry
        }

        mutating func complete() throws {
            guard !runs.isEmpty else { return }
            let number = seed.pick(runs.keys.sorted())
            guard let user = runs.removeValue(forKey: number) else { return }
            let before = ledger.state.budget(of: user, at: ledger.now)
            try ledger.run(.completeDispatch(report(dispatch(number, of: user))))
            guard case .dispatchCompleted(let event) = ledger.last else {
                Issue.record("it did not end")
                return
            }
            ended += 1
            let linked = calls.filter { $0.run == number }
            let costs = linked.map { $0.cost ?? .estimated($0.held) }
            #expect(event.calls == Int64(linked.count))
            #expect(event.billing == (linked.isEmpty ? .direct : .proxied))
            #expect(ledger.state.budget(of: user, at: ledger.now) == before)
            #expect(event.usage.input == linked.reduce(0) { $0 + $1.tokens })
            guard !linked.isEmpty else { return }
            let amount = costs.reduce(Int128(0)) { $0 + $1.amount.attos }
            if costs.contains(where: { $0.state == .unpriced }) {
                let held = costs.reduce(Int128(0)) { $0 + $1.held.attos }
                #expect(event.cost == .unpriced(holding: Money(attos: held)))
            } else if costs.contains(where: { $0.state == .estimated }) {
                #expect(event.cost == .estimated(Money(attos: amount)))
            } else {
                #expect(event.cost == .priced(Money(attos: amount)))
            }
            if event.cost.state != .unpriced, Set(linked.map(\.call.model)).count > 1 {
                #expect(event.models.reduce(Int128(0)) { $0 + $1.cost.attos } == amount)
                #expect(Set(event.models.map(\.model)) == Set(linked.map(\.call.model)))
            }
        }
    }

    @Test("each run's end is the sum of its calls", arguments: Array(200..<220) as [UInt64])
    func agrees(_ number: UInt64) throws {
        var run = try Run(number)
        for _ in 0..<400 { try run.step() }
        #expect(run.ended > 10, "seed \(number)")
        var replayed = LedgerState()
        for event in run.ledger.events { replayed.evolve(event) }
        #expect(replayed == run.ledger.state, "seed \(number)")
    }
}
