/// A moment in UTC, to the microsecond.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, within the years 0001 to 9999.
    package let microseconds: Int64

    static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Creates a moment; values outside the years 0001 to 9999 clamp to them.
    package init(microseconds: Int64) {
        self.microseconds = min(max(microseconds, -62_135_596_800_000_000), 253_402_300_799_999_999)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// The UTC day.
    package var day: Day { Day(daysSince1970: Int32(floorDivide(microseconds, Self.microsecondsPerDay))) }

    /// The start of the UTC hour.
    package var hour: Timestamp {
        Timestamp(microseconds: floorDivide(microseconds, 3_600_000_000) * 3_600_000_000)
    }

    /// `2026-11-24T22:00:00.123456Z`.
    package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends ``text``.
    package func append(to bytes: inout [UInt8]) {
        day.append(to: &bytes)
        let inDay = microseconds - Int64(day.daysSince1970) * Self.microsecondsPerDay
        let seconds = inDay / 1_000_000
        bytes.append(UInt8(ascii: "T"))
        appendDigits(seconds / 3600, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        appendDigits(seconds / 60 % 60, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        appendDigits(seconds % 60, width: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        appendDigits(inDay % 1_000_000, width: 6, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS[.f{1,6}]Z`.
    ///
    /// - Returns: nil for any other text and for a date or time of day that does not exist.
    package init?(_ text: some Collection<UInt8>) {
        let bytes = Array(text)
        guard bytes.count >= 20, bytes.count <= 27, let day = Day(bytes[..<10]),
            bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"), bytes.last == UInt8(ascii: "Z"),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19]), hour < 24, minute < 60, second < 60
        else { return nil }
        var micros: Int64 = 0
        if bytes.count > 20 {
            guard bytes.count > 21, bytes[19] == UInt8(ascii: "."),
                let fraction = number(bytes[20..<(bytes.count - 1)])
            else { return nil }
            micros = fraction
            for _ in (bytes.count - 21)..<6 { micros *= 10 }
        }
        let seconds = hour * 3600 + minute * 60 + second
        self.init(
            microseconds: Int64(day.daysSince1970) * Self.microsecondsPerDay + seconds * 1_000_000 + micros)
    }
}

extension Timestamp {
    /// Reads the form that ``text`` has, all six decimals included; nil for any other.
    init?(whole text: UnsafeRawBufferPointer) {
        guard text.count == 27, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            text[19] == UInt8(ascii: "."), text[26] == UInt8(ascii: "Z"),
            let year = number(text, 0..<4), let month = number(text, 5..<7),
            let dayOfMonth = number(text, 8..<10),
            let day = Day(checkingYear: year, month: month, day: dayOfMonth),
            let hour = number(text, 11..<13), let minute = number(text, 14..<16),
            let second = number(text, 17..<19), let micros = number(text, 20..<26), hour < 24, minute < 60,
            second < 60
        else { return nil }
        let seconds = hour * 3600 + minute * 60 + second
        self.init(
            microseconds: Int64(day.daysSince1970) * Self.microsecondsPerDay + seconds * 1_000_000 + micros)
    }
}

/// Reads decimal digits only, at most eighteen.
private func number(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int64? {
    var value: Int64 = 0
    for at in range {
        let digit = text[at] &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        value = value * 10 + Int64(digit)
    }
    return value
}

/// Division that rounds towards −∞, so that moments before 1970 fall in the right day.
func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
}

/// Appends `value` with leading zeros.
func appendDigits(_ value: Int64, width: Int, to bytes: inout [UInt8]) {
    var divisor: Int64 = 1
    for _ in 1..<width { divisor *= 10 }
    while divisor > 0 {
        bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
        divisor /= 10
    }
}

/// Reads decimal digits only; nil for anything else and beyond 18 digits.
func number(_ digits: some Collection<UInt8>) -> Int64? {
    guard !digits.isEmpty, digits.count <= 18 else { return nil }
    var value: Int64 = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    return value
}
