/// Writes families and samples as exposition text; usable alone, or handed to a set's collectors.
///
/// Families come out sorted by name and each in one piece, whoever contributed to it and in whatever order.
///
/// ```swift
/// var writer = ExpositionWriter(.prometheusText)
/// writer.family("ledger_user_cost_usd", .gauge, help: "Cost of a user in a window.")
/// writer.sample(["user": "ann", "window": "day"], .exact(ExactDecimal(attos: cost.attos)))
/// let body = writer.finish()
/// ```
package struct ExpositionWriter: Sendable {
    package let format: ExpositionFormat
    private var blocks: [String: Block] = [:]
    private var open: Block?

    /// One family and the bytes of its samples.
    private struct Block: Sendable {
        let family: MetricFamily
        var samples: [UInt8] = []
    }

    package init(_ format: ExpositionFormat) { self.format = format }

    /// Opens a family; the samples that follow are its own.
    ///
    /// Opening one again continues it; its kind must be the same.
    package mutating func family(_ name: String, _ kind: MetricKind, help: String) {
        open(MetricFamily(name: name, kind: kind, help: help))
    }

    /// Writes one sample of the open counter or gauge.
    ///
    /// Label values may be anything; label names are the program's own and must be legal.
    package mutating func sample(_ labels: KeyValuePairs<String, String> = [:], _ value: MetricValue) {
        edit { family, bytes in
            precondition(family.kind != .histogram, "a histogram has no plain samples: \(family.name)")
            SeriesText.append(family.name, labels, to: &bytes)
            value.append(to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// Writes one labelled histogram of the open family.
    package mutating func histogram(
        _ labels: KeyValuePairs<String, String> = [:], _ distribution: Distribution
    ) {
        edit { family, bytes in
            precondition(family.kind == .histogram, "\(family.name) is not a histogram")
            let series = HistogramSeries(family.name, labels.map { ($0, $1) }, bounds: distribution.bounds)
            series.append(distribution, to: &bytes)
        }
    }

    /// The whole text.
    package consuming func finish() -> [UInt8] {
        close()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(blocks.values.reduce(0) { $0 + $1.samples.count + 256 })
        for block in blocks.values.sorted(by: { $0.family.name < $1.family.name }) {
            block.family.appendHeader(format, to: &bytes)
            bytes.append(contentsOf: block.samples)
        }
        if format == .openMetrics { bytes.append(contentsOf: "# EOF\n".utf8) }
        return bytes
    }

    mutating func open(_ family: MetricFamily) {
        close()
        let block = blocks.removeValue(forKey: family.name) ?? Block(family: family)
        precondition(block.family.kind == family.kind, "one name, one kind: \(family.name)")
        open = block
    }

    /// Lets `body` append to the open family's samples, in place.
    mutating func edit(_ body: (MetricFamily, inout [UInt8]) -> Void) {
        guard var block = open.take() else { preconditionFailure("open a family before its samples") }
        body(block.family, &block.samples)
        open = block
    }

    private mutating func close() {
        guard let block = open.take() else { return }
        blocks[block.family.name] = block
    }
}
