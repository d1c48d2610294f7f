/// What a family is, apart from its samples: name, kind, help.
struct MetricFamily: Hashable, Sendable {
    let name: String
    let kind: MetricKind
    let help: String

    private static let units = ["seconds", "bytes", "usd", "ratio", "percent"]

    /// Checks what can only be wrong in the program itself.
    init(name: String, kind: MetricKind, help: String) {
        precondition(LabelText.isMetricName(name), "a metric name is [a-zA-Z_:][a-zA-Z0-9_:]*: \(name)")
        precondition(!help.isEmpty, "every metric has a help text: \(name)")
        precondition(kind != .counter || name.hasSuffix("_total"), "a counter ends in _total: \(name)")
        self.name = name
        self.kind = kind
        self.help = help
    }

    /// Appends the comment lines that precede the family's samples.
    ///
    /// OpenMetrics names a counter's family without `_total`, and knows units.
    func appendHeader(_ format: ExpositionFormat, to bytes: inout [UInt8]) {
        let isOpen = format == .openMetrics
        let shown = isOpen && kind == .counter ? String(name.dropLast("_total".count)) : name
        bytes.append(contentsOf: "# HELP \(shown) ".utf8)
        LabelText.escape(help, quotes: isOpen, to: &bytes)
        bytes.append(contentsOf: "\n# TYPE \(shown) \(kind.word(in: format))\n".utf8)
        guard isOpen, let unit = Self.units.first(where: { shown.hasSuffix("_\($0)") }) else { return }
        bytes.append(contentsOf: "# UNIT \(shown) \(unit)\n".utf8)
    }
}

/// The kinds of metric, spelled as OpenMetrics spells them.
package enum MetricKind: String, Hashable, Sendable {
    case counter, gauge, histogram
    /// Anything else: a gauge whose name was fixed elsewhere and ends in `_total`, say.
    case unknown

    /// The text format has another word for what is unknown.
    func word(in format: ExpositionFormat) -> String {
        self == .unknown && format == .prometheusText ? "untyped" : rawValue
    }
}
