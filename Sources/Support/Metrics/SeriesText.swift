/// The constant part of a sample line: `name{labels} `, rendered once and then only copied.
enum SeriesText {
    /// Appends `name{labels} `; without labels `name `.
    static func append(
        _ name: String, _ labels: some Collection<(key: String, value: String)>, to bytes: inout [UInt8]
    ) {
        bytes.append(contentsOf: name.utf8)
        var separator = UInt8(ascii: "{")
        for (key, value) in labels {
            assert(LabelText.isName(key), "not a label name: \(key)")
            bytes.append(separator)
            bytes.append(contentsOf: key.utf8)
            bytes.append(UInt8(ascii: "="))
            bytes.append(UInt8(ascii: "\""))
            LabelText.append(value, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
            separator = UInt8(ascii: ",")
        }
        if !labels.isEmpty { bytes.append(UInt8(ascii: "}")) }
        bytes.append(UInt8(ascii: " "))
    }

    /// `name{labels} ` as its own bytes.
    static func render(_ name: String, _ labels: [(key: String, value: String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        append(name, labels, to: &bytes)
        return bytes
    }
}

/// The constant parts of one histogram's lines.
struct HistogramSeries: Sendable {
    private let buckets: [[UInt8]]
    private let sum: [UInt8]
    private let count: [UInt8]

    init(_ name: String, _ labels: [(key: String, value: String)], bounds: [Double]) {
        buckets = (bounds + [.infinity]).map { bound in
            var text: [UInt8] = []
            MetricValue.append(bound, to: &text)
            let bucket = (key: "le", value: String(decoding: text, as: UTF8.self))
            return SeriesText.render("\(name)_bucket", labels + [bucket])
        }
        sum = SeriesText.render("\(name)_sum", labels)
        count = SeriesText.render("\(name)_count", labels)
    }

    /// Appends cumulative buckets, then sum and count.
    func append(_ distribution: Distribution, to bytes: inout [UInt8]) {
        var cumulative: Int64 = 0
        for (prefix, observed) in zip(buckets, distribution.counts) {
            cumulative += observed
            bytes.append(contentsOf: prefix)
            MetricValue.append(cumulative, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        bytes.append(contentsOf: sum)
        MetricValue.append(distribution.sum, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: count)
        MetricValue.append(cumulative, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }
}
