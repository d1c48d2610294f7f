/// Reads the parts of a POSIX `TZ` text, one after another.
struct PosixZoneReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { at == bytes.count }

    func isNext(_ character: Unicode.Scalar) -> Bool {
        at < bytes.count && bytes[at] == UInt8(ascii: character)
    }

    /// Passes a name: three letters or more, or `<…>`.
    mutating func name() -> Bool {
        let start = at
        if take("<") {
            while at < bytes.count, Self.isNamePart(bytes[at]) { at += 1 }
            return at - start > 3 && take(">")
        }
        while at < bytes.count, Self.isLetter(bytes[at]) { at += 1 }
        return at - start >= 3
    }

    /// Reads `[+-]h[h[h]][:mm[:ss]]` as seconds.
    mutating func offset(hoursMax: Int64) -> Int64? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(digitsMax: 3), hours <= hoursMax else { return nil }
        var seconds = hours * 3600
        for unit: Int64 in [60, 1] where take(":") {
            guard let part = number(digitsMax: 2), part < 60 else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    /// Reads `,day[/time]`; without a time it is two o'clock.
    mutating func change() -> PosixZone.Change? {
        guard take(","), let day = day() else { return nil }
        guard take("/") else { return PosixZone.Change(day: day, seconds: 7200) }
        guard let seconds = offset(hoursMax: 167) else { return nil }
        return PosixZone.Change(day: day, seconds: seconds)
    }

    private mutating func day() -> PosixZone.ChangeDay? {
        if take("M") {
            guard let month = number(digitsMax: 2), (1...12).contains(month), take("."),
                let week = number(digitsMax: 1), (1...5).contains(week), take("."),
                let weekday = number(digitsMax: 1), weekday <= 6
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
        if take("J") {
            guard let day = number(digitsMax: 3), (1...365).contains(day) else { return nil }
            return .withoutLeapDay(day)
        }
        guard let day = number(digitsMax: 3), day <= 365 else { return nil }
        return .zeroBased(day)
    }

    private mutating func number(digitsMax: Int) -> Int64? {
        var value: Int64?
        var digits = 0
        while at < bytes.count, digits < digitsMax, (0x30...0x39).contains(bytes[at]) {
            value = (value ?? 0) * 10 + Int64(bytes[at] - 0x30)
            at += 1
            digits += 1
        }
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        at += 1
        return true
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        isLetter(byte) || (0x30...0x39).contains(byte) || byte == 0x2B || byte == 0x2D
    }
}
