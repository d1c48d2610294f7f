import LedgerCore
import Testing

@Suite("Limits of every subject against a naive model")
struct QuotaModelTests {
    private struct Run {
        var seed: Seed
        var ledger: Recorder
        var model = NaiveLimits()
        let users: [UserID]
        let groups: [GroupName]
        var members: [UserID: Set<GroupName>] = [:]
        var next = 1
        var reports: Int64 = 0
        var corrections: Int64 = 0
        let zones: [QuotaCalendar]

        init(_ number: UInt64) throws {
            seed = Seed(number)
            ledger = try Recorder(at: "2026-10-24T12:00:00Z")
            users = try ["a", "b", "c"].map { try user($0) }
            groups = try ["red", "blue"].map { try #require(GroupName($0)) }
            let rules = [
                ("Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"), ("Asia/Kathmandu", "<+0545>-5:45"),
                ("America/New_York", "EST5EDT,M3.2.0,M11.1.0"),
            ]
            zones =
                [.utc]
                + (try rules.enumerated().map { number, rule in
                    QuotaCalendar(
                        zone: try #require(ZoneRule(name: rule.0, rule: rule.1)), weekStart: Int64(number + 1)
                    )
                })
        }

        var now: Timestamp { max(ledger.now, ledger.state.lastTimestamp) }

        mutating func step() throws {
            switch seed.number(0...11) {
            case 0:
                move(seed.number(0...9_000_000_000))
                // Recorded time goes on with an event: before it, the clock may still be set back.
                try join()
            case 1: move(-seed.number(0...9_000_000_000))
            default: break
            }
            model.roll(to: now)
            switch seed.number(0...11) {
            case 0...4: try reserve()
            case 5...8: try end()
            case 9: try set()
            case 10: try join()
            default: try seed.once(in: 3) ? correct() : report()
            }
        }

        mutating func move(_ microseconds: Int64) {
            ledger.now = Timestamp(microseconds: ledger.now.microseconds + microseconds)
        }

        func payers(_ user: UserID, _ name: String) -> Set<QuotaSubject> {
            Set((members[user] ?? []).map { .group($0) }).union([.user(user), .model(name), .global])
        }

        mutating func reserve() throws {
            let user = seed.pick(users)
            let name = seed.pick(["m", "n"])
            let cost = Int128(seed.number(0...400)) * Money.attosPerDollar / 100
            let tokens = seed.number(0...50)
            let call = call(next, of: user, model: name)
            let asked: [LimitMeasure: Int128] = [.cost: cost, .tokens: Int128(tokens), .requests: 1]
            let payers = payers(user, name)
            let isAdmitted = model.admits(payers, asked)
            try ledger.run(
                .reserve(
                    call, Estimate(cost: Money(attos: cost), tokens: tokens), priceBook: "b", isPriced: true))
            #expect((ledger.state.open[call.callID] != nil) == isAdmitted, "call \(next)")
            if isAdmitted {
                model.entries[next] = NaiveLimits.Entry(
                    position: Int64(ledger.events.count), madeAt: now, payers: payers, held: asked)
            }
            next += 1
        }

        mutating func end() throws {
            let open = model.entries.filter { !$0.value.held.isEmpty }.keys.sorted()
            guard !open.isEmpty else { return }
            let number = seed.pick(open)
            guard let entry = model.entries[number], let held = entry.held[.cost],
                let identity = ledger.state.open[UniqueID(bits: UInt128(number))]?.call
            else { return }
            let cost = seed.once(in: 3) ? held : held / 3
            let tokens = Int64(clamping: (entry.held[.tokens] ?? 0) / 2)
            model.entries[number]?.held = [:]
            model.entries[number]?.endedAt = Int64(ledger.events.count + 1)
            if seed.once(in: 5) {
                try ledger.run(.expire(identity.callID, .restart))
                model.entries[number]?.used = entry.held
            } else {
                try ledger.run(
                    .settle(
                        settled(
                            answer(to: identity), .priced(Money(attos: cost)), input: tokens)))
                model.entries[number]?.used = [.cost: cost, .tokens: Int128(tokens), .requests: 1]
            }
        }

        /// The call as it ends: half of the time another model answers.
        mutating func answer(to call: CallIdentity) -> CallIdentity {
            LedgerCoreTests.call(
                Int(call.callID.bits), of: call.user,
                model: seed.once(in: 2) ? call.model : call.model == "m" ? "n" : "m")
        }

        /// Prices all that is recorded anew, wherever it counts: up or down, whatever was set meanwhile.
        mutating func correct() throws {
            corrections += 1
            let price = seed.number(0...9)
            let models = try ["m", "n"].map { name in
                try ModelPrice(
                    provider: "anthropic", name: name, aliases: [], outputTokensMax: 64_000,
                    periods: [
                        PricePeriod(
                            from: try moment("2025-01-01T00:00:00Z"),
                            base: try Book.rates([.input: "\(price * 10_000)"]), tiers: [],
                            multipliers: [:])
                    ])
            }
            var rerating = Rerating(
                by: try PriceBook(
                    hash: "book \(corrections)", unpricedReserve: try usd("1"), models: models))
            var events: [CostAdjusted] = []
            for event in ledger.events { rerating.note(event) }
            for event in ledger.events {
                rerating.take(event) { events.append($0.event(reason: "test", actor: "admin")) }
            }
            try ledger.run(.adjustCosts(events, after: ledger.state.lastAdjustment))
            for event in events {
                let number = try #require(
                    model.entries.first { $0.value.endedAt == event.target.position.value }?.key)
                model.entries[number]?.used[.cost] = event.new.cost.charged.attos
                for subject in model.entries[number]?.payers ?? [] {
                    for index in (model.limits[subject] ?? []).indices {
                        model.limits[subject]?[index].isExcused = true
                    }
                }
            }
        }

        mutating func set() throws {
            let subjects: [QuotaSubject] =
                users.map { .user($0) } + groups.map { .group($0) } + [.model("m"), .global]
            let subject = seed.pick(subjects)
            var limits: [Limit] = []
            for measure in LimitMeasure.allCases {
                for window in LimitWindow.allCases where seed.once(in: 4) {
                    let most = measure == .cost ? 40 * Money.attosPerDollar : measure == .tokens ? 900 : 40
                    let amount = most * Int128(seed.number(1...8)) / 8
                    limits.append(Limit(measure, window, amount: amount))
                }
            }
            let quota = Quota(limits: limits, calendar: seed.pick(zones), thresholds: [50, 100])
            let change = QuotaSet(subject: subject, quota: quota, actor: "admin")
            let position = Int64(ledger.events.count + 1)
            try ledger.run(.changeQuota(change))
            model.set(subject, quota, at: now, position: position)
        }

        mutating func join() throws {
            let (user, group) = (seed.pick(users), seed.pick(groups))
            if members[user]?.contains(group) == true {
                try ledger.run(.leaveGroup(GroupLeft(user: user, group: group, actor: "admin")))
                members[user]?.remove(group)
            } else {
                try ledger.run(.joinGroup(GroupJoined(user: user, group: group, actor: "admin")))
                members[user, default: []].insert(group)
            }
        }

        /// Money that nobody asked for: it is counted, and may pass a limit.
        mutating func report() throws {
            let user = seed.pick(users)
            reports += 1
            let cost = Int128(seed.number(0...100)) * Money.attosPerDollar / 100
            var usage = Usage()
            usage.input = seed.number(0...20)
            let position = Int64(ledger.events.count + 1)
            try ledger.run(
                .reportUsage(
                    UsageReported(
                        user: user, source: "s", reportID: "r\(reports)", digest: "d", kind: .report,
                        provider: "anthropic", model: "m", usage: usage, cost: .priced(Money(attos: cost)),
                        priceBook: "b", usedAt: ledger.now)))
            let payers = payers(user, "m")
            model.entries[-Int(reports)] = NaiveLimits.Entry(
                position: position, madeAt: now, payers: payers, held: [:],
                used: [.cost: cost, .tokens: Int128(usage.input)], isCharge: true,
                endedAt: position)
            for subject in payers {
                for index in (model.limits[subject] ?? []).indices {
                    model.limits[subject]?[index].isExcused = true
                }
            }
        }

        func check(_ place: String) {
            for (subject, known) in model.limits {
                let meters = ledger.state.meters(of: subject, at: ledger.now)
                #expect(meters.map(\.limit) == known.map(\.limit), "\(place), \(subject.text)")
                for (meter, counted) in zip(meters, known) {
                    let sum = model.sum(subject, counted)
                    let name = "\(place), \(subject.text) \(counted.limit.measure) \(counted.limit.window)"
                    #expect(meter.reserved == sum.reserved, "\(name)")
                    #expect(meter.used == sum.used, "\(name)")
                    #expect(meter.start == counted.start && meter.end == counted.end, "\(name)")
                    #expect(
                        counted.isExcused || sum.used + sum.reserved <= counted.limit.amount, "\(name)")
                }
            }
        }
    }

    @Test("at every prefix the figures are the model's, and no limit is passed", arguments: 1...12)
    func agrees(_ number: Int) throws {
        var run = try Run(UInt64(number))
        var replayed = LedgerState()
        var folded = 0
        for step in 1...400 {
            try run.step()
            run.model.roll(to: run.now)
            run.check("seed \(number), step \(step)")
            var awaited: [Event] = []
            for event in run.ledger.events[folded...] {
                // Whoever reads the journal finds the crossings that were recorded, and no others.
                if event.event.type == .thresholdCrossed {
                    #expect(awaited.first == event.event, "seed \(number), step \(step)")
                    awaited = Array(awaited.dropFirst())
                } else {
                    #expect(awaited.isEmpty, "seed \(number), step \(step)")
                    awaited = replayed.crossings(causedBy: event.event, at: event.timestamp)
                }
                replayed.evolve(event)
            }
            #expect(awaited.isEmpty, "seed \(number), step \(step)")
            folded = run.ledger.events.count
        }
        #expect(replayed == run.ledger.state)
        #expect(run.ledger.events.contains { $0.event.type == .callRejected })
        #expect(run.ledger.events.contains { $0.event.type == .thresholdCrossed })
        #expect(run.ledger.events.contains { $0.event.type == .costAdjusted })
    }
}
