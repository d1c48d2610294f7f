import LedgerCore
import Testing

@Suite("LedgerState, agent runs")
struct LedgerStateDispatchTests {
    /// A ledger in which run 1 of alice has begun.
    private struct Begun {
        var ledger: Recorder
        let alice: UserID
        let run: DispatchIdentity
        private var next = 1

        init() throws {
            ledger = try Recorder(at: "2026-11-24T22:00:00Z")
            alice = try user("alice")
            run = dispatch(1, of: alice)
            try begin(run)
        }

        mutating func begin(_ dispatch: DispatchIdentity) throws {
            try ledger.run(
                .startDispatch(DispatchStarted(dispatch: dispatch, queuedMilliseconds: 4, prompt: "hi")))
        }

        /// Reserves half a dollar for a call and gives the call.
        mutating func reserve(
            _ model: String = "m", of user: UserID? = nil, in dispatch: DispatchIdentity? = nil
        ) throws -> CallIdentity {
            let call = call(next, of: user ?? alice, model: model, in: dispatch ?? run)
            next += 1
            let estimate = Estimate(cost: try usd("0.5"), tokens: 100)
            try ledger.run(.reserve(call, estimate, priceBook: "b", isPriced: true))
            return call
        }

        mutating func settle(_ model: String, _ cost: Cost, input: Int64 = 0) throws {
            try ledger.run(.settle(settled(try reserve(model), cost, input: input)))
        }

        mutating func complete(_ report: DispatchReport) throws -> DispatchCompleted {
            try ledger.run(.completeDispatch(report))
            return try completed
        }

        var completed: DispatchCompleted {
            get throws {
                guard case .dispatchCompleted(let event) = ledger.last else { throw NoCompletion() }
                return event
            }
        }
    }

    private struct NoCompletion: Error {}

    @Test("a run of three calls costs what they cost, once")
    func memo() throws {
        var begun = try Begun()
        try begun.settle("small", .priced(try usd("0.125")), input: 3)
        try begun.settle("large", .priced(try usd("0.25")), input: 5)
        try begun.settle("small", .priced(try usd("0.0625")), input: 7)
        let before = begun.ledger.state.budget(of: begun.alice, at: begun.ledger.now)
        let report = report(
            begun.run, shares: [share("told", try usd("9"), input: 99)], cost: .priced(try usd("9")))
        let event = try begun.complete(report)
        #expect(event.billing == .proxied)
        #expect(event.cost == .priced(try usd("0.4375")))
        #expect(event.usage.input == 15)
        #expect(event.usageSource == .providerFinal)
        #expect(event.calls == 3)
        #expect(event.model == "large")
        #expect(event.models.map(\.model) == ["small", "large"])
        #expect(event.models.map(\.cost) == [try usd("0.1875"), try usd("0.25")])
        #expect(begun.ledger.state.budget(of: begun.alice, at: begun.ledger.now) == before)
        #expect(begun.ledger.state.dispatches.isEmpty)
    }

    @Test("calls that are still open count at what they hold")
    func openCalls() throws {
        var begun = try Begun()
        try begun.settle("m", .priced(try usd("0.125")))
        _ = try begun.reserve("n")
        let open = try #require(begun.ledger.state.dispatches[begun.run.dispatchID])
        #expect(open.openCalls == 1)
        #expect(open.reserved == (try usd("0.5")))
        let event = try begun.complete(report(begun.run))
        #expect(event.cost == .estimated(try usd("0.625")))
        #expect(event.calls == 2)
        #expect(event.usageSource == .estimated)
        #expect(event.models.map(\.model) == ["m", "n"])
    }

    @Test("one call without a price makes the run's cost unknown")
    func unpriced() throws {
        var begun = try Begun()
        try begun.settle("m", .priced(try usd("0.125")))
        try begun.settle("new", .unpriced(holding: try usd("0.5")))
        let event = try begun.complete(report(begun.run))
        #expect(event.cost == .unpriced(holding: try usd("0.5")))
        #expect(event.models.isEmpty)
    }

    @Test("another user's claim links nothing, nor does a call from before the run")
    func claims() throws {
        var begun = try Begun()
        let later = dispatch(2, of: begun.alice)
        let early = try begun.reserve(in: later)
        _ = try begun.reserve(of: try user("mallory"))
        try begun.begin(later)
        try begun.ledger.run(.settle(settled(early, .priced(try usd("0.1")))))
        #expect(begun.ledger.state.dispatches[begun.run.dispatchID]?.linkedCalls == 0)
        #expect(begun.ledger.state.dispatches[later.dispatchID]?.linkedCalls == 0)
        #expect(try begun.complete(report(later)).billing == .direct)
    }

    @Test("a direct run's cost counts against the limits on the day on which it ends")
    func direct() throws {
        var begun = try Begun()
        begun.ledger.now = try moment("2026-11-25T00:00:01Z")
        let shares = [share("a", try usd("0.5"), input: 7), share("b", try usd("0.75"), input: 8)]
        let event = try begun.complete(report(begun.run, shares: shares, cost: .priced(try usd("1.25"))))
        #expect(event.billing == .direct)
        #expect(event.usageSource == .reportedByAgent)
        #expect(event.model == "b")
        #expect(event.models == shares)
        let budget = begun.ledger.state.budget(of: begun.alice, at: begun.ledger.now)
        #expect(budget.day.used == (try usd("1.25")))
        #expect(budget.day.tokens == 15)
        #expect(budget.month.used == (try usd("1.25")))
    }

    @Test("shares stand only where they come to the cost")
    func partialShares() throws {
        var begun = try Begun()
        let shares = [share("a", try usd("0.5")), share("b", try usd("0.5"))]
        let event = try begun.complete(report(begun.run, shares: shares, cost: .estimated(try usd("2"))))
        #expect(event.models.isEmpty)
        #expect(event.cost == .estimated(try usd("2")))
    }

    @Test("a run whose calls another ledger has is a memo by the kernel's word")
    func elsewhere() throws {
        var begun = try Begun()
        let shares = [share("a", try usd("0.5"), input: 7)]
        let event = try begun.complete(
            report(begun.run, isProxied: true, shares: shares, cost: .priced(try usd("0.5"))))
        #expect(event.billing == .proxied)
        #expect(event.cost == .estimated(try usd("0.5")))
        #expect(event.usageSource == .estimated)
        #expect(event.calls == 0)
        #expect(begun.ledger.state.budget(of: begun.alice, at: begun.ledger.now).day.used == .zero)
    }

    @Test("a run that used nothing costs nothing, and that is no estimate")
    func nothingUsed() throws {
        for isProxied in [true, false] {
            var begun = try Begun()
            let event = try begun.complete(
                report(begun.run, isProxied: isProxied, shares: [], cost: .priced(.zero)))
            #expect(event.cost == .priced(.zero))
            #expect(event.usageSource == .none)
        }
    }

    @Test("models beyond sixteen are added to the last")
    func manyModels() throws {
        var begun = try Begun()
        for number in 1...20 { try begun.settle("m\(number)", .priced(try usd("0.01")), input: 1) }
        let event = try begun.complete(report(begun.run))
        #expect(event.models.count == DispatchMemo.sharesMax)
        #expect(event.models.last?.cost == (try usd("0.05")))
        #expect(event.cost == .priced(try usd("0.2")))
        #expect(event.models.reduce(0) { $0 + $1.usage.input } == 20)
    }

    @Test("a limit that is used up refuses a run before it begins", arguments: [0, 1, 2, 3])
    func refusal(_ number: Int) throws {
        var begun = try Begun()
        _ = try begun.reserve()
        let quotas = [
            (Quota(dailyLimit: try usd("0.5")), QuotaLimit.Kind.dailyCost),
            (Quota(monthlyLimit: try usd("0.5")), .monthlyCost), (Quota(dailyTokens: 100), .dailyTokens),
            (Quota(isEnabled: false), .disabled),
        ]
        let (quota, kind) = quotas[number]
        try begun.ledger.run(.setQuota(begun.alice, quota, actor: "admin"))
        try begun.begin(dispatch(2, of: begun.alice))
        guard case .dispatchRejected(let event) = begun.ledger.last else {
            Issue.record("it began")
            return
        }
        #expect(event.reason == .quota)
        #expect(event.limit?.kind == kind)
        #expect(event.queuedMilliseconds == 4)
        #expect(begun.ledger.state.dispatches.count == 1)
    }

    @Test("a limit with anything left lets a run begin")
    func admission() throws {
        var begun = try Begun()
        _ = try begun.reserve()
        let least = try usd("0.500000000000000001")
        let quota = Quota(dailyLimit: least, monthlyLimit: least, dailyTokens: 101)
        try begun.ledger.run(.setQuota(begun.alice, quota, actor: "admin"))
        try begun.begin(dispatch(2, of: begun.alice))
        #expect(begun.ledger.state.dispatches.count == 2)
    }

    @Test("after a crash a run ends as an error, with what its calls came to")
    func abandoned() throws {
        var begun = try Begun()
        let call = try begun.reserve()
        let other = dispatch(2, of: begun.alice)
        try begun.begin(other)
        begun.ledger.now = try moment("2026-11-24T22:00:01.5Z")
        try begun.ledger.run(.expire(call.callID, .restart))
        try begun.ledger.run(.abandonDispatch(begun.run.dispatchID, .restart))
        let proxied = try begun.completed
        #expect(proxied.billing == .proxied)
        #expect(proxied.result == .error)
        #expect(proxied.reason == "restart")
        #expect(proxied.cost == .estimated(try usd("0.5")))
        #expect(proxied.durationMilliseconds == 1_500)
        #expect(proxied.prompt == "hi")
        try begun.ledger.run(.abandonDispatch(other.dispatchID, .restart))
        let direct = try begun.completed
        #expect(direct.billing == .direct)
        #expect(direct.cost == .unpriced(holding: .zero))
        #expect(direct.usageSource == .none)
    }

    @Test("what contradicts the record is refused")
    func rejections() throws {
        let begun = try Begun()
        let id = begun.run.dispatchID
        let unknown = dispatch(9, of: begun.alice)
        let started = DispatchStarted(dispatch: begun.run, queuedMilliseconds: 0)
        let ledger = begun.ledger
        #expect(ledger.rejection(of: .startDispatch(started)) == .alreadyStarted(id))
        let rejected = DispatchRejected(dispatch: begun.run, reason: .aborted)
        #expect(ledger.rejection(of: .rejectDispatch(rejected)) == .alreadyStarted(id))
        #expect(ledger.rejection(of: .completeDispatch(report(unknown))) == .notStarted(unknown.dispatchID))
        #expect(
            ledger.rejection(of: .abandonDispatch(unknown.dispatchID, .restart))
                == .notStarted(unknown.dispatchID))
        let negative = report(begun.run, cost: .priced(Money(attos: -1)))
        #expect(ledger.rejection(of: .completeDispatch(negative)) == .negative)
        let implausible = report(begun.run, shares: [share("m", .zero, input: Usage.countMax + 1)])
        #expect(ledger.rejection(of: .completeDispatch(implausible)) == .negative)
    }
}
