/// One sample's value: whole, exact decimal, or a `Double` for what is measured in seconds or ratios.
package enum MetricValue: Hashable, Sendable {
    case integer(Int64)
    case exact(ExactDecimal)
    case double(Double)

    /// Appends the value as both formats write it.
    func append(to bytes: inout [UInt8]) {
        switch self {
        case .integer(let value): Self.append(value, to: &bytes)
        case .exact(let value): value.append(to: &bytes)
        case .double(let value): Self.append(value, to: &bytes)
        }
    }

    /// Appends `value` in decimal, without a string between.
    static func append(_ value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// Appends the shortest text that reads back as `value`; `+Inf`, `-Inf` and `NaN` as the formats spell
    /// them.
    static func append(_ value: Double, to bytes: inout [UInt8]) {
        guard value.isFinite else {
            bytes.append(contentsOf: (value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf").utf8)
            return
        }
        bytes.append(contentsOf: value.description.utf8)
    }
}

extension MetricValue: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
}
