import LedgerCore
import Testing

/// The same rules kept naively: every call ever made, summed anew for every question.
private struct Model {
    struct Entry {
        let user: UserID
        let day: Day
        var reserved: Int128
        var tokensReserved: Int64
        var used: Int128 = 0
        var tokens: Int64 = 0
        var isOpen = true
    }

    var entries: [Int: Entry] = [:]
    var quotas: [UserID: Quota] = [:]

    func sums(_ user: UserID, _ holds: (Day) -> Bool) -> (used: Int128, reserved: Int128, tokens: Int128) {
        var sums: (used: Int128, reserved: Int128, tokens: Int128) = (0, 0, 0)
        for entry in entries.values where entry.user == user && holds(entry.day) {
            sums.used += entry.used
            sums.reserved += entry.isOpen ? entry.reserved : 0
            sums.tokens += Int128(entry.tokens) + (entry.isOpen ? Int128(entry.tokensReserved) : 0)
        }
        return sums
    }

    func admits(_ user: UserID, _ cost: Int128, _ tokens: Int64, on day: Day) -> Bool {
        guard let quota = quotas[user] else { return true }
        let today = sums(user) { $0 == day }
        let month = sums(user) { $0.firstOfMonth == day.firstOfMonth }
        return quota.isEnabled
            && quota.dailyLimit.map { today.used + today.reserved + cost <= $0.attos } ?? true
            && quota.monthlyLimit.map { month.used + month.reserved + cost <= $0.attos } ?? true
            && quota.dailyTokens.map { today.tokens + Int128(tokens) <= Int128($0) } ?? true
    }
}

@Suite("LedgerState against a naive model")
struct LedgerStateModelTests {
    /// One run: the ledger and the model side by side.
    private struct Run {
        var seed: Seed
        var ledger: Recorder
        var model = Model()
        let users: [UserID]
        var next = 1
        /// Users whose limit was changed, or whose call cost more than its hold: the bound does not bind
        /// them.
        var excused: Set<UserID> = []
        var reported: [UsageReported] = []

        init(_ number: UInt64) throws {
            seed = Seed(number)
            ledger = try Recorder(at: "2026-11-27T12:00:00Z")
            users = try ["a", "b", "c"].map { try user($0) }
        }

        var day: Day { max(ledger.now, ledger.state.lastTimestamp).day }

        mutating func step() throws {
            let change = seed.number(0...9)
            if change == 0 { move(seed.number(0...40_000_000_000)) }
            if change == 1 { move(-seed.number(0...90_000_000_000)) }
            switch seed.number(0...9) {
            case 0...4: try reserve()
            case 5...7: try settle()
            case 8: try seed.once(in: 2) ? expire() : run()
            default: try seed.once(in: 2) ? setQuota() : reportUsage()
            }
        }

        mutating func move(_ microseconds: Int64) {
            ledger.now = Timestamp(microseconds: ledger.now.microseconds + microseconds)
        }

        mutating func reserve() throws {
            let user = seed.pick(users)
            let estimate = Estimate(
                cost: Money(attos: Int128(seed.number(0...40)) * Money.attosPerDollar / 7),
                tokens: seed.number(0...50))
            let admitted = model.admits(user, estimate.cost.attos, estimate.tokens, on: day)
            try ledger.run(.reserve(call(next, of: user), estimate, priceBook: "b", isPriced: true))
            guard case .callReserved = ledger.last else {
                #expect(!admitted)
                return
            }
            #expect(admitted)
            model.entries[next] = Model.Entry(
                user: user, day: day, reserved: estimate.cost.attos, tokensReserved: estimate.tokens)
            next += 1
        }

        private mutating func openCall() -> (number: Int, entry: Model.Entry)? {
            let open = model.entries.filter(\.value.isOpen).sorted { $0.key < $1.key }
            return open.isEmpty ? nil : seed.pick(open.map { (number: $0.key, entry: $0.value) })
        }

        mutating func settle() throws {
            guard let (number, entry) = openCall() else { return }
            let overshoots = seed.once(in: 20)
            if overshoots { excused.insert(entry.user) }
            let amount = overshoots ? entry.reserved * 3 : entry.reserved / Int128(seed.number(1...5))
            let tokens = overshoots ? entry.tokensReserved * 3 : seed.number(0...entry.tokensReserved)
            let money = Money(attos: amount)
            let cost = seed.pick([Cost.priced(money), .estimated(money), .unpriced(holding: money)])
            try ledger.run(.settle(settled(call(number, of: entry.user), cost, input: tokens)))
            close(number, amount, tokens)
        }

        mutating func expire() throws {
            guard let (number, entry) = openCall() else { return }
            try ledger.run(.expire(call(number, of: entry.user).callID, .restart))
            close(number, entry.reserved, entry.tokensReserved)
        }

        /// An agent run that is money of its own: it adds when it ends, on the day on which it ends.
        mutating func run() throws {
            let user = seed.pick(users)
            let admitted = model.admits(user, 1, 1, on: day)
            let dispatch = dispatch(next, of: user)
            try ledger.run(.startDispatch(DispatchStarted(dispatch: dispatch, queuedMilliseconds: 0)))
            guard case .dispatchStarted = ledger.last else {
                #expect(!admitted)
                return
            }
            #expect(admitted)
            move(seed.number(0...40_000_000_000))
            excused.insert(user)
            let amount = Money(attos: Int128(seed.number(0...9)) * Money.attosPerDollar / 3)
            let tokens = seed.number(0...20)
            let share = share("m", amount, input: tokens)
            try ledger.run(.completeDispatch(report(dispatch, shares: [share], cost: .priced(amount))))
            model.entries[next] = Model.Entry(
                user: user, day: day, reserved: 0, tokensReserved: 0, used: amount.attos, tokens: tokens,
                isOpen: false)
            next += 1
        }

        /// Usage from outside, sometimes the same again, sometimes another body under a known name.
        mutating func reportUsage() throws {
            let known = reported.isEmpty || seed.once(in: 2) ? nil : seed.pick(reported)
            let user = known?.user ?? seed.pick(users)
            let amount = Money(attos: Int128(seed.number(0...9)) * Money.attosPerDollar / 3)
            var usage = Usage()
            usage.input = seed.number(0...20)
            let report = UsageReported(
                user: user, source: "s", reportID: known?.reportID ?? "\(next)",
                digest: "\(amount.attos)/\(usage.input)", kind: .report, provider: "p", model: "m",
                usage: usage, cost: .priced(amount), priceBook: "b", usedAt: ledger.now)
            if let known {
                let isSame = known.digest == report.digest
                #expect((ledger.rejection(of: .reportUsage(report)) == nil) == isSame)
                if isSame { #expect(try ledger.state.decide(.reportUsage(report), at: ledger.now) == []) }
                return try ledger.run(.reportUsage(known))
            }
            excused.insert(user)
            try ledger.run(.reportUsage(report))
            reported.append(report)
            model.entries[next] = Model.Entry(
                user: user, day: day, reserved: 0, tokensReserved: 0, used: amount.attos,
                tokens: usage.input, isOpen: false)
            next += 1
        }

        private mutating func close(_ number: Int, _ amount: Int128, _ tokens: Int64) {
            model.entries[number]?.isOpen = false
            model.entries[number]?.used = amount
            model.entries[number]?.tokens = tokens
        }

        mutating func setQuota() throws {
            let user = seed.pick(users)
            guard model.quotas[user] == nil || seed.once(in: 4) else { return }
            // A limit that comes late or changes may be below what is already spent.
            excused.insert(user)
            let quota = Quota(
                dailyLimit: seed.once(in: 3) ? nil : Money(attos: 20 * Money.attosPerDollar),
                monthlyLimit: seed.once(in: 3)
                    ? nil : Money(attos: Int128(seed.number(30...60)) * Money.attosPerDollar),
                dailyTokens: seed.once(in: 3) ? nil : seed.number(50...300), isEnabled: !seed.once(in: 10))
            try ledger.run(.setQuota(user, quota, actor: "admin"))
            model.quotas[user] = quota
        }

        func check(_ place: String) {
            for user in users {
                let budget = ledger.state.budget(of: user, at: ledger.now)
                let today = model.sums(user) { $0 == day }
                let month = model.sums(user) { $0.firstOfMonth == day.firstOfMonth }
                #expect(budget.day.used.attos == today.used, "\(place)")
                #expect(budget.day.reserved.attos == today.reserved, "\(place)")
                #expect(Int128(budget.day.tokens + budget.day.reservedTokens) == today.tokens, "\(place)")
                #expect(budget.month.used.attos == month.used, "\(place)")
                #expect(budget.month.reserved.attos == month.reserved, "\(place)")
                guard !excused.contains(user), let quota = model.quotas[user] else { continue }
                #expect(quota.dailyLimit.map { today.used + today.reserved <= $0.attos } ?? true, "\(place)")
                #expect(
                    quota.monthlyLimit.map { month.used + month.reserved <= $0.attos } ?? true, "\(place)")
                #expect(quota.dailyTokens.map { today.tokens <= Int128($0) } ?? true, "\(place)")
            }
        }
    }

    @Test("both agree after every command, and nobody overspends", arguments: Array(100..<130) as [UInt64])
    func agrees(_ number: UInt64) throws {
        var run = try Run(number)
        // The first limits are there before the first call: they bind from the start.
        for user in run.users {
            let quota = Quota(
                dailyLimit: try usd("20"), monthlyLimit: try usd("45"), dailyTokens: 200)
            try run.ledger.run(.setQuota(user, quota, actor: "admin"))
            run.model.quotas[user] = quota
        }
        for step in 0..<250 {
            try run.step()
            run.check("seed \(number), step \(step)")
        }
        var replayed = LedgerState()
        for event in run.ledger.events { replayed.evolve(event) }
        #expect(replayed == run.ledger.state, "seed \(number)")
        #expect(run.model.entries.count > 10, "seed \(number)")
    }
}
