extension PriceModifier {
    /// What the provider's own words about an answer make dearer or cheaper.
    package static func ofAnswer(
        serviceTier: String?, speed: String?, inferenceGeo: String?
    ) -> Set<PriceModifier> {
        var modifiers: Set<PriceModifier> = []
        switch serviceTier {
        case "batch": modifiers.insert(.batch)
        case "flex", "ON_DEMAND_FLEX": modifiers.insert(.flex)
        case "priority", "fast", "ultrafast", "ON_DEMAND_PRIORITY": modifiers.insert(.priority)
        default: break
        }
        if speed == "fast" { modifiers.insert(.fast) }
        if inferenceGeo == "us" { modifiers.insert(.geoUs) }
        return modifiers
    }
}

extension CallSettled {
    /// What made its price dearer or cheaper than the list's.
    package var modifiers: Set<PriceModifier> {
        PriceModifier.ofAnswer(serviceTier: serviceTier, speed: speed, inferenceGeo: inferenceGeo)
    }

    /// What is priced: its parts, or the whole as the work of the model that answered.
    package var priced: [UsagePart] {
        parts.isEmpty ? [UsagePart(model: call.model, usage: usage)] : parts
    }
}
