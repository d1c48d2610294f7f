/// The charges of one hour, beside the hourly rollup of the same events: each checks the other.
package struct ChargeHour: Sendable {
    /// The rows.
    package private(set) var rows: [ChargeKey: ChargeSums] = [:]
    private var ledger = HourlyRollup()

    /// Creates an hour without events.
    package init() {}

    /// Adds an event and its charges.
    package mutating func add(_ recorded: RecordedEvent, _ reading: ChargeReading) {
        ledger.evolve(recorded)
        reading.each(of: recorded) { add($0) }
    }

    /// Adds a charge alone.
    package mutating func add(_ charge: Charge) { rows[charge.key, default: ChargeSums()].add(charge.sums) }

    /// The rows, in one order that depends on nothing but themselves; without those that came to nothing.
    package var sorted: [(key: ChargeKey, sums: ChargeSums)] {
        rows.filter { $0.value != ChargeSums() }.map { (key: $0.key, sums: $0.value, order: $0.key.order) }
            .sorted { $0.order.lexicographicallyPrecedes($1.order) }
            .map { ($0.key, $0.sums) }
    }

    /// The first row of the rollup that the charges do not come to, digit by digit; nil: they come to all.
    package var difference: RollupKey? {
        var sums: [RollupKey: UsageSums] = [:]
        for (key, row) in rows {
            guard let cost = try? key.rate.price(of: row.units), cost == row.cost else { return key.rollup }
            var sum = UsageSums()
            sum.cost = row.cost
            sum.estimated = key.state == .estimated ? row.cost : .zero
            sum.held = row.held
            sum.unpricedCalls = key.state == .unpriced ? row.units : 0
            sum.inputTokens = row.inputTokens
            sum.outputTokens = row.outputTokens
            sum.cpuMilliseconds = row.cpuMilliseconds
            sum.memoryMebibyteSeconds = row.memoryMebibyteSeconds
            sums[key.rollup, default: UsageSums()].add(sum)
        }
        for (key, row) in ledger.rows {
            var expected = UsageSums()
            expected.cost = row.cost
            expected.estimated = row.estimated
            expected.held = row.held
            expected.unpricedCalls = row.unpricedCalls
            expected.inputTokens = row.inputTokens
            expected.outputTokens = row.outputTokens
            expected.cpuMilliseconds = row.cpuMilliseconds
            expected.memoryMebibyteSeconds = row.memoryMebibyteSeconds
            guard sums.removeValue(forKey: key) ?? UsageSums() == expected else { return key }
        }
        return sums.keys.first
    }
}

extension ChargeKey {
    fileprivate var order: [String] {
        let use =
            switch use {
            case .bucket(let bucket): bucket.rawValue
            case .processorTime: "processorTime"
            case .memory: "memory"
            case .whole: "whole"
            }
        let digits = String(rate.attosPerUnit.magnitude)
        return [
            rollup.hour.text, rollup.user.text, rollup.kind.rawValue, rollup.source, rollup.provider,
            rollup.model, part ?? "", use, state.rawValue,
            String(repeating: "0", count: 40 - digits.count) + digits,
            String(tierAbove ?? 0), modifiers.map(\.rawValue).joined(separator: ","),
            correctedIn?.text ?? "",
        ]
    }
}
