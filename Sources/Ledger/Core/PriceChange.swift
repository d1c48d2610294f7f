/// One rate that is another in another price period.
package struct PriceChange: Hashable, Sendable {
    /// What the rate is for.
    package let entry: PriceSheet.Entry
    /// The rate in the older period; nil: none.
    package let old: Rate?
    /// The rate in the newer period; nil: none.
    package let new: Rate?

    /// Every rate that differs between `old` and `new`, whatever way they are written down in.
    ///
    /// Each modifier is compared by itself: a factor and the rates that it makes are the same.
    package static func between(_ old: PricePeriod?, _ new: PricePeriod?) -> [PriceChange] {
        let levels = [0] + Set((old?.thresholds ?? []) + (new?.thresholds ?? [])).sorted()
        let known = Set((old?.adjustments ?? [:]).keys).union((new?.adjustments ?? [:]).keys)
        // Images that are charged as text change with it.
        let hasImages = [old, new].contains { $0?.base.rates[.inputImage] != nil }
        let buckets = UsageBucket.allCases.filter { $0 != .inputImage || hasImages }
        var changes: [PriceChange] = []
        for modifier in [nil] + PriceModifier.allCases.filter(known.contains).map(Optional.some) {
            for bucket in buckets where modifier == nil || bucket != .webSearch {
                for above in levels {
                    let before = rate(in: old, bucket, above, modifier)
                    let after = rate(in: new, bucket, above, modifier)
                    let entry = PriceSheet.Entry(bucket, above: above, modifier: modifier)
                    if before != after { changes.append(PriceChange(entry: entry, old: before, new: after)) }
                }
            }
        }
        return changes
    }

    private static func rate(
        in period: PricePeriod?, _ bucket: UsageBucket, _ above: Int64, _ modifier: PriceModifier?
    ) -> Rate? {
        let modifiers = modifier.map { Set([$0]) } ?? []
        // Beyond the range there is no rate.
        return try? period?.rate(of: bucket, inputTokens: above + 1, modifiers: modifiers)
    }
}
