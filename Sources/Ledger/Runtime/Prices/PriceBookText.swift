internal import JSON
package import LedgerCore

/// Writes a price book as a file that ``PriceBookFile`` reads: one line for each model's facts and one for
/// each of its periods.
package enum PriceBookText {
    /// The file's bytes.
    package static func bytes(
        models: [ModelPrice], unpricedReserve: Money, compute: [ComputePrice]
    ) -> [UInt8] {
        var text = "{\n \"format\": \(quoted(PriceBookFile.format)),\n \"currency\": \"USD\",\n"
        text += " \"unpricedReserveUsd\": \(quoted(unpricedReserve.decimalText)),\n \"models\": [\n"
        text += models.map(model).joined(separator: ",\n")
        text += "\n ]"
        if !compute.isEmpty {
            text += ",\n \"compute\": [\n" + compute.map(self.compute).joined(separator: ",\n") + "\n ]"
        }
        return Array((text + "\n}\n").utf8)
    }

    private static func model(_ model: ModelPrice) -> String {
        let aliases = model.aliases.map(quoted).joined(separator: ", ")
        let input = model.inputTokensMax.map { ", \"inputTokensMax\": \($0)" } ?? ""
        return """
              {"provider": \(quoted(model.provider)), "model": \(quoted(model.name)), "aliases": [\(aliases)], \
            "outputTokensMax": \(model.outputTokensMax)\(input),
               "source": \(quoted(model.origin.source)), "checked": \(quoted(model.origin.checked)),
               "prices": [
            \(model.periods.map { "    {\(period($0))}" }.joined(separator: ",\n"))
               ]}
            """
    }

    private static func period(_ period: PricePeriod) -> String {
        var parts = ["\"from\": \(quoted(moment(period.from)))"] + card(period.base)
        if !period.tiers.isEmpty { parts.append(tiers(period.tiers, over: period.base)) }
        let factors = PriceModifier.allCases.compactMap { modifier -> String? in
            guard case .factors(let factors)? = period.adjustments[modifier] else { return nil }
            return "\(quoted(modifier.rawValue)): \(self.factors(factors))"
        }
        if !factors.isEmpty { parts.append("\"multipliers\": {\(factors.joined(separator: ", "))}") }
        let rates = PriceModifier.allCases.compactMap { modifier -> String? in
            guard case .rates(let base, let tiers)? = period.adjustments[modifier] else { return nil }
            let own = card(base) + (tiers.isEmpty ? [] : [self.tiers(tiers, over: base)])
            return "\(quoted(modifier.rawValue)): {\(own.joined(separator: ", "))}"
        }
        if !rates.isEmpty { parts.append("\"rates\": {\(rates.joined(separator: ", "))}") }
        return parts.joined(separator: ", ")
    }

    private static func card(_ card: RateCard) -> [String] {
        let tokens = UsageBucket.allCases.filter { $0 != .webSearch }.compactMap { bucket in
            card.rates[bucket].map { "\(quoted(bucket.rawValue)): \(quoted($0.perMillionText))" }
        }
        let searches = card.rates[.webSearch].map {
            ["\"perThousand\": {\"webSearch\": \(quoted($0.perThousandText))}"]
        }
        return ["\"perMillion\": {\(tokens.joined(separator: ", "))}"] + (searches ?? [])
    }

    /// Tiers, with only those of their rates that are not the base's.
    private static func tiers(_ tiers: [PriceTier], over base: RateCard) -> String {
        let texts = tiers.map { tier in
            let own = RateCard(rates: tier.rates.rates.filter { base.rates[$0.key] != $0.value })
            return "{\"above\": \(tier.above), \(card(own).joined(separator: ", "))}"
        }
        return "\"tiers\": [\(texts.joined(separator: ", "))]"
    }

    private static func factors(_ factors: [UsageBucket: Multiplier]) -> String {
        let tokens = UsageBucket.allCases.filter { $0 != .webSearch }
        let values = Set(tokens.map { factors[$0] })
        if values.count == 1, let only = values.first, let factor = only { return quoted(factor.text) }
        let each = tokens.compactMap { bucket in
            factors[bucket].map { "\(quoted(bucket.rawValue)): \(quoted($0.text))" }
        }
        return "{\(each.joined(separator: ", "))}"
    }

    private static func compute(_ price: ComputePrice) -> String {
        let hour = Money(
            attos: price.mebibyteSecond.attosPerUnit * ComputePrice.mebibyteSecondsPerGibibyteHour)
        return "  {\"from\": \(quoted(moment(price.from))), \"cpuSecondUsd\": "
            + "\(quoted(price.cpuMillisecond.perThousandText)), \"gibibyteHourUsd\": "
            + "\(quoted(hour.decimalText)), \"source\": \(quoted(price.source))}"
    }

    /// Without the part of a second that is none.
    private static func moment(_ moment: Timestamp) -> String {
        moment.text.replacing(".000000Z", with: "Z")
    }

    private static func quoted(_ text: String) -> String {
        var json = JSONText()
        json.string(text)
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
