import LedgerCore
import Testing

@Suite("Charges")
struct ChargeTests {
    private let book: PriceBook
    private let ann: UserID
    private let before: Timestamp
    private let after: Timestamp

    init() throws {
        book = try Book.sample()
        ann = try user("ann")
        before = try moment("2026-01-15T10:20:30Z")
        after = try moment("2026-04-15T10:20:30Z")
    }

    private func recorded(_ event: Event, at time: Timestamp) -> RecordedEvent {
        RecordedEvent(position: Position(1), timestamp: time, id: UniqueID(bits: 1), event: event)
    }

    private func settled(
        _ counts: [UsageBucket: Int64], _ cost: Cost, tier: String? = nil
    ) -> Event {
        var event = LedgerCoreTests.settled(call(1, of: ann), cost)
        for (bucket, count) in counts { event.usage[bucket] = count }
        event.serviceTier = tier
        return .callSettled(event)
    }

    private func charges(_ event: Event, at time: Timestamp, books: [PriceBook]? = nil) -> [Charge] {
        var charges: [Charge] = []
        ChargeReading(books: books ?? [book]).each(of: recorded(event, at: time)) { charges.append($0) }
        return charges
    }

    @Test("a priced call is taken apart, each bucket at its own rate")
    func buckets() throws {
        let event = settled([.input: 1_000, .output: 500, .webSearch: 2], .priced(try usd("0.0305")))
        let charges = charges(event, at: after)
        // 1,000 × 3 and 500 × 15 for a million, 2 × 10 for a thousand.
        #expect(charges.map(\.key.use) == [.bucket(.input), .bucket(.output), .bucket(.webSearch)])
        #expect(charges.map(\.sums.cost) == [try usd("0.003"), try usd("0.0075"), try usd("0.02")])
        #expect(
            charges.map(\.key.rate.attosPerUnit) == [
                3_000_000_000_000, 15_000_000_000_000, 10_000_000_000_000_000,
            ])
        #expect(charges.map(\.sums.inputTokens) == [1_000, 0, 0])
        #expect(charges.map(\.sums.outputTokens) == [0, 500, 0])
        #expect(charges.allSatisfy { $0.key.rollup.hour == after.hour && $0.key.state == .priced })
    }

    @Test("the tier, and factors that were recorded or have to be found out, are named")
    func modifiers() throws {
        let long = charges(settled([.input: 200_001], .priced(try usd("1.200006"))), at: before)
        #expect(long.map(\.key.tierAbove) == [200_000])
        let batch = charges(settled([.input: 1_000], .priced(try usd("0.0015")), tier: "batch"), at: after)
        #expect(batch.map(\.key.modifiers) == [[.batch]])
        // 1,000 × 3 for a million, halved, and once more times 1.1: nothing says where it ran.
        let there = charges(settled([.input: 1_000], .priced(try usd("0.00165")), tier: "batch"), at: after)
        #expect(there.map(\.key.modifiers) == [[.batch, .geoUs]])
    }

    /// An answer of `answering` that is the work of `parts`.
    private func composed(_ parts: [UsagePart], by answering: String, _ cost: Cost) -> Event {
        guard case .callSettled(var event) = settled([:], cost) else { preconditionFailure() }
        event = CallSettled(
            call: CallIdentity(
                callID: event.call.callID, user: ann, source: "proxy", provider: "anthropic",
                model: answering, api: "messages"),
            result: .ok, status: 200, usageSource: .providerFinal, cost: cost, priceBook: book.hash,
            parts: parts, durationMilliseconds: 7)
        for part in parts { event.usage.add(part.usage) }
        return .callSettled(event)
    }

    @Test("an answer of several models is taken apart by model and bucket, each at its own prices and tier")
    func parts() throws {
        var short = Usage()
        short.input = 1_000
        short.output = 500
        var long = Usage()
        long.input = 200_001
        let sonnet = "claude-sonnet-4-5"
        let other = "\(sonnet)-20250929"
        // Before April the part of 200,001 tokens is in the tier of 6 a million; the others are not.
        let parts = [
            UsagePart(model: sonnet, usage: short), UsagePart(model: other, usage: long),
            UsagePart(model: sonnet, usage: short),
        ]
        let cost = Cost.priced(try usd("1.221006"))
        let event = composed(parts, by: sonnet, cost)
        let charges = charges(event, at: before)
        #expect(charges.map(\.key.model) == [sonnet, sonnet, other, sonnet, sonnet])
        #expect(charges.map(\.key.part) == [nil, nil, other, nil, nil])
        #expect(charges.map(\.key.tierAbove) == [nil, nil, 200_000, nil, nil])
        #expect(charges.allSatisfy { $0.key.rollup.model == sonnet })

        var hour = ChargeHour()
        hour.add(recorded(event, at: before), ChargeReading(books: [book]))
        #expect(hour.difference == nil)
        #expect(hour.rows.count == 3 && Set(hour.sorted.map(\.key.part)) == [nil, other])
        #expect(hour.sorted.map(\.sums.cost).reduce(Money.zero) { $0.addingClamped($1) } == cost.amount)
        // One part without a price, or a sum that is not theirs: the call is a whole.
        let unknown = parts + [UsagePart(model: "nobody", usage: short)]
        for odd in [
            composed(unknown, by: sonnet, cost),
            composed(parts, by: sonnet, .priced(try usd("1.221006000000000001"))),
        ] {
            let charges = self.charges(odd, at: before)
            #expect(charges.map(\.key.use) == [.whole] && charges.map(\.key.model) == [sonnet])
        }
    }

    @Test("a cost that the book does not come to stands as a whole, and so does one whose book is not here")
    func whole() throws {
        let odd = Cost.priced(try usd("0.003000000000000001"))
        for (cost, books) in [(odd, [book]), (.priced(try usd("0.003")), [])] {
            let charges = charges(settled([.input: 1_000], cost), at: after, books: books)
            #expect(charges.map(\.key.use) == [.whole])
            #expect(charges.map(\.sums.cost) == [cost.amount])
            #expect(charges.map(\.sums.inputTokens) == [1_000])
        }
    }

    @Test("what is not priced holds an amount and costs none; what was refused is no charge")
    func unknown() throws {
        let unpriced = charges(settled([.input: 9], .unpriced(holding: try usd("0.7"))), at: after)
        #expect(unpriced.map(\.key.state) == [.unpriced])
        #expect(unpriced.map(\.sums.held) == [try usd("0.7")])
        #expect(unpriced.map(\.sums.cost) == [.zero])
        #expect(charges(settled([:], .priced(.zero)), at: after).isEmpty)
        let expired = CallExpired(call: call(2, of: ann), cost: .estimated(try usd("0.9")), reason: .restart)
        #expect(charges(.callExpired(expired), at: after).map(\.key.state) == [.estimated])
    }

    @Test("an hour's charges come to the ledger's, and one digit more is found")
    func difference() throws {
        var hour = ChargeHour()
        let reading = ChargeReading(books: [book])
        for event in [
            settled([.input: 1_000, .output: 500], .priced(try usd("0.0105"))),
            settled([.input: 7], .estimated(try usd("0.5"))), settled([:], .unpriced(holding: try usd("1"))),
        ] { hour.add(recorded(event, at: after), reading) }
        #expect(hour.difference == nil)
        #expect(
            hour.sorted.map(\.sums.cost).reduce(Money.zero) { $0.addingClamped($1) } == (try usd("0.5105")))

        var wrong = hour
        let extra = settled([:], .priced(Money(attos: 1)))
        for charge in charges(extra, at: after) { wrong.add(charge) }
        #expect(wrong.difference?.user == ann)
    }

    @Test(
        "a correction takes back what was charged and charges what it costs, beside the row that it corrects")
    func corrections() throws {
        let rollup = RollupKey(
            hour: before.hour, user: ann, kind: .call, source: "proxy", provider: "anthropic", model: "m")
        var charges: [Charge] = []
        ChargeReading.correct(
            rollup, from: .unpriced(holding: try usd("1")), to: .priced(try usd("0.25")), at: after
        ) { charges.append($0) }
        #expect(charges.map(\.sums.units) == [-1, 1])
        #expect(charges.map(\.sums.held) == [try usd("-1"), .zero])
        #expect(charges.map(\.sums.cost) == [.zero, try usd("0.25")])
        #expect(charges.map(\.key.correctsAnEarlierMonth) == [true, true])
        // Corrected once more in the same month: what came in between is gone.
        var hour = ChargeHour()
        for charge in charges { hour.add(charge) }
        ChargeReading.correct(
            rollup, from: .priced(try usd("0.25")), to: .priced(try usd("0.5")), at: before
        ) { #expect(!$0.key.correctsAnEarlierMonth) }
        ChargeReading.correct(
            rollup, from: .priced(try usd("0.25")), to: .priced(try usd("0.5")), at: after
        ) { hour.add($0) }
        #expect(hour.sorted.map(\.sums.cost) == [try usd("0.5"), .zero])
    }

    @Test("pieces of a part are the buckets that it used")
    func pieces() throws {
        var usage = Usage()
        usage.cacheRead = 10
        let pricing = Pricing(book: book, provider: "anthropic", time: after)
        let part = UsagePart(model: "claude-sonnet-4-5", usage: usage)
        let pieces: [PricedUse] = try pricing.pieces(of: part, modifiers: [.fast, .priority])
        #expect(pieces.map(\.rate.attosPerUnit) == [1_800_000_000_000])
        // This model has no price for priority.
        #expect(pieces.map(\.modifiers) == [[.fast]])
        usage.outputAudio = 1
        #expect(throws: PricingGap.noRate(model: "claude-sonnet-4-5", bucket: .outputAudio)) {
            try pricing.pieces(of: UsagePart(model: "claude-sonnet-4-5", usage: usage), modifiers: [])
        }
    }
}
