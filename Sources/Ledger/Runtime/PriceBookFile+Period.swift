internal import LedgerCore

extension PriceBookFile {
    /// Reads the prices of a model from one moment on.
    static func period(_ field: PriceField) throws(PriceField.Fault) -> PricePeriod {
        try field.expectKeys(["from", "perMillion", "perThousand", "tiers", "multipliers", "rates"])
        let start = try moment(field)
        let base = try rates(field)
        let tiers = try tiers(field, over: base)
        var adjustments: [PriceModifier: PriceAdjustment] = [:]
        for (key, field) in try field.optional("multipliers")?.members() ?? [] {
            adjustments[try modifier(key, field)] = try factors(field)
        }
        for (key, field) in try field.optional("rates")?.members() ?? [] {
            let modifier = try modifier(key, field)
            guard adjustments[modifier] == nil else { throw field.fault("has a factor already") }
            try field.expectKeys(["perMillion", "tiers"])
            let card = try rates(field)
            adjustments[modifier] = .rates(card, tiers: try self.tiers(field, over: card))
        }
        return PricePeriod(from: start, base: base, tiers: tiers, adjustments: adjustments)
    }

    /// Reads the moment from which something holds.
    static func moment(_ field: PriceField) throws(PriceField.Fault) -> Timestamp {
        let from = try field.member("from")
        guard let moment = Timestamp(try from.text().utf8) else {
            throw from.fault("must be a moment, YYYY-MM-DDTHH:MM:SSZ")
        }
        return moment
    }

    private static func modifier(
        _ key: String, _ field: PriceField
    ) throws(PriceField.Fault) -> PriceModifier {
        guard let modifier = PriceModifier(rawValue: key) else { throw field.fault("not a known factor") }
        return modifier
    }

    /// Reads one factor, or one for each kind of token.
    private static func factors(_ field: PriceField) throws(PriceField.Fault) -> PriceAdjustment {
        guard field.isObject else { return .factor(try factor(field)) }
        var factors: [UsageBucket: Multiplier] = [:]
        for (key, field) in try field.members() { factors[try token(key, field)] = try factor(field) }
        return .factors(factors)
    }

    private static func factor(_ field: PriceField) throws(PriceField.Fault) -> Multiplier {
        try field.exact { text throws(MoneyError) in try Multiplier(text) }
    }

    private static func token(_ key: String, _ field: PriceField) throws(PriceField.Fault) -> UsageBucket {
        guard let bucket = UsageBucket(rawValue: key), bucket != .webSearch else {
            throw field.fault("not a known kind of token")
        }
        return bucket
    }

    private static func tiers(
        _ field: PriceField, over base: RateCard
    ) throws(PriceField.Fault) -> [PriceTier] {
        var tiers: [PriceTier] = []
        for tier in try field.optional("tiers")?.elements() ?? [] {
            try tier.expectKeys(["above", "perMillion", "perThousand"])
            let above = try tier.member("above").count()
            guard !tiers.contains(where: { $0.above == above }) else {
                throw tier.fault("a second tier above \(above)")
            }
            // A rate that the tier does not name stays the base's.
            tiers.append(PriceTier(above: above, rates: base.overlaid(with: try rates(tier))))
        }
        return tiers
    }

    private static func rates(_ field: PriceField) throws(PriceField.Fault) -> RateCard {
        var rates: [UsageBucket: Rate] = [:]
        for (key, price) in try field.member("perMillion").members() {
            rates[try token(key, price)] = try price.exact { text throws(MoneyError) in
                try Rate(dollarsPerMillion: text)
            }
        }
        for (key, price) in try field.optional("perThousand")?.members() ?? [] {
            guard UsageBucket(rawValue: key) == .webSearch else {
                throw price.fault("not a known kind of use")
            }
            rates[.webSearch] = try price.exact { text throws(MoneyError) in
                try Rate(dollarsPerThousand: text)
            }
        }
        return RateCard(rates: rates)
    }
}
