/// What a charge is for.
package enum ChargedUse: Hashable, Sendable {
    /// Tokens or searches of one kind.
    case bucket(UsageBucket)
    /// Processor time of a container, in milliseconds.
    case processorTime
    /// Memory that a container held, in mebibyte-seconds.
    case memory
    /// A call, run or report as one: what it cost is known, or bounded, and not what each part of it cost.
    case whole
}

/// What charges of one row have in common: everything but how much.
package struct ChargeKey: Hashable, Sendable {
    /// The row of the hourly rollup that they are part of.
    package let rollup: RollupKey
    /// The model whose price it is, where the answer is the work of several; nil: the rollup's.
    package let part: String?
    /// What they are for.
    package let use: ChargedUse
    /// The price of one unit; of a whole, its cost.
    package let rate: Rate
    /// How well the cost is known.
    package let state: CostState
    /// The tier that sets the rate; nil: the model's first rates.
    package let tierAbove: Int64?
    /// What the provider's answer said that sets the rate.
    package let modifiers: [PriceModifier]
    /// The first day of the month in which this was corrected; nil: it is no correction.
    package let correctedIn: Day?

    /// Creates a key.
    package init(
        rollup: RollupKey, part: String? = nil, use: ChargedUse, rate: Rate, state: CostState,
        tierAbove: Int64? = nil, modifiers: [PriceModifier] = [], correctedIn: Day? = nil
    ) {
        self.rollup = rollup
        self.part = part
        self.use = use
        self.rate = rate
        self.state = state
        self.tierAbove = tierAbove
        self.modifiers = modifiers
        self.correctedIn = correctedIn
    }

    /// The model that did the work.
    package var model: String { part ?? rollup.model }

    /// Whether it corrects a month before the one in which it was recorded.
    package var correctsAnEarlierMonth: Bool {
        correctedIn.map { $0 > rollup.hour.day.firstOfMonth } ?? false
    }
}

/// How much: the measures of charges.
package struct ChargeSums: Hashable, Sendable {
    /// Units of ``ChargeKey/use``; calls, runs or reports where that is a whole.
    package var units: Int64 = 0
    /// What they cost; zero while they are unpriced.
    package var cost = Money.zero
    /// What is held against the quota because no price is known.
    package var held = Money.zero
    /// Input tokens.
    package var inputTokens: Int64 = 0
    /// Output tokens.
    package var outputTokens: Int64 = 0
    /// Processor time, in milliseconds.
    package var cpuMilliseconds: Int64 = 0
    /// Memory held over time, in mebibyte-seconds.
    package var memoryMebibyteSeconds: Int64 = 0

    /// Creates sums of nothing.
    package init() {}

    /// Adds `other`.
    package mutating func add(_ other: ChargeSums) {
        units &+= other.units
        cost = cost.addingClamped(other.cost)
        held = held.addingClamped(other.held)
        inputTokens &+= other.inputTokens
        outputTokens &+= other.outputTokens
        cpuMilliseconds &+= other.cpuMilliseconds
        memoryMebibyteSeconds &+= other.memoryMebibyteSeconds
    }
}

/// What one event charges for one kind of use.
package struct Charge: Hashable, Sendable {
    /// Which row it belongs to.
    package let key: ChargeKey
    /// What it adds there.
    package let sums: ChargeSums
}
