internal import JSON
package import LedgerCore

/// Charges as rows of the FinOps Open Cost and Usage Specification, version 1.2.
package struct FocusTable: Sendable {
    private let origin: String

    /// A table of the ledger called `origin`, which is the billing account.
    package init(origin: String) { self.origin = origin }

    /// The version of the specification.
    package static let version = "1.2"

    /// The names of the columns, in order; those that begin with `x_` are this ledger's own.
    package static let columns = [
        "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType", "BillingCurrency",
        "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription",
        "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit",
        "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName",
        "ListCost", "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit", "ProviderName",
        "PublisherName", "RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType",
        "ServiceCategory", "ServiceName", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails",
        "SkuPriceId", "SubAccountId", "SubAccountName", "SubAccountType", "Tags", "x_CostState",
        "x_HeldCost", "x_InputTokens", "x_Kind", "x_Model", "x_OutputTokens", "x_Provider", "x_Source",
        "x_UsageBucket",
    ]

    /// The cells of one row, in the order of ``columns``.
    package func cells(_ key: ChargeKey, _ sums: ChargeSums) -> [CSVText.Cell] {
        let rollup = key.rollup
        let sku = Sku(key, origin: origin)
        let cost = CSVText.Cell.plain(sums.cost.decimalText)
        let price = CSVText.Cell.plain(Money(attos: key.rate.attosPerUnit).decimalText)
        let units = CSVText.Cell.count(sums.units)
        // A correction is billed in the month in which it was recorded.
        let month = key.correctedIn ?? rollup.hour.day
        let correction = Correction(key)
        let unit = CSVText.Cell.plain(sku.unit)
        let consumed = key.correctedIn == nil ? units : .text(nil)
        let consumedUnit = key.correctedIn == nil ? unit : .text(nil)
        let hour = rollup.hour
        return [
            cost, .text(origin), .text(origin), .plain("Ledger"), .plain("USD"),
            .plain(month.firstOfNextMonth.start.second), .plain(month.firstOfMonth.start.second),
            .plain(correction.category), .text(correction.chargeClass), .text(sku.description),
            .plain(correction.frequency),
            .plain(Timestamp(microseconds: hour.microseconds + 3_600_000_000).second), .plain(hour.second),
            consumed, consumedUnit, cost, price, cost, .text(nil), .text(sku.provider), cost, price,
            .plain("Standard"), units, unit, .text(sku.provider), .text(sku.provider),
            .text(nil), .text(nil), .text(sku.resource), .text(sku.resource == nil ? nil : key.model),
            .text(sku.resource == nil ? nil : sku.resourceType), .plain(sku.category),
            .text(sku.service), .plain(sku.subcategory), .text(sku.id), .plain(sku.meter),
            .text(sku.details), .text(sku.priceID), .text(rollup.user.text), .text(rollup.user.text),
            .plain("User"), .text(Self.tags(rollup)), .plain(key.state.rawValue),
            .plain(sums.held.decimalText), .count(sums.inputTokens), .plain(rollup.kind.rawValue),
            .text(rollup.model.isEmpty ? nil : rollup.model), .count(sums.outputTokens),
            .text(rollup.provider.isEmpty ? nil : rollup.provider), .text(rollup.source), .plain(sku.bucket),
        ]
    }

    /// Tags that the ledger itself sets, with its prefix.
    private static func tags(_ rollup: RollupKey) -> String {
        let json = JSONText.object { json in
            json.member("ledger/kind", rollup.kind.rawValue)
            json.member("ledger/source", rollup.source)
        }
        return String(decoding: json, as: UTF8.self)
    }
}

/// How a row that corrects another is marked: the specification has a class for months that were billed, and
/// a category for the month that still runs.
private struct Correction {
    let category: String
    let chargeClass: String?
    let frequency: String

    init(_ key: ChargeKey) {
        let isEarlier = key.correctsAnEarlierMonth
        category = key.correctedIn == nil || isEarlier ? "Usage" : "Adjustment"
        chargeClass = isEarlier ? "Correction" : nil
        frequency = key.correctedIn == nil ? "Usage-Based" : "One-Time"
    }
}

extension Timestamp {
    /// The moment to the second, as the specification writes it.
    fileprivate var second: String { String(text.prefix(19)) + "Z" }
}
