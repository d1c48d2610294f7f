/// Times as other programs write them.
package enum RFC3339 {
    /// Reads `YYYY-MM-DDTHH:MM:SS[.f…](Z|±HH:MM)`; decimals beyond microseconds are cut off.
    ///
    /// - Returns: nil for any other text, and for a date or time of day that does not exist.
    package static func timestamp(_ text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        guard (20...64).contains(bytes.count), let day = Day(bytes[..<10]),
            bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let hour = digits(bytes[11..<13], max: 23),
            let minute = digits(bytes[14..<16], max: 59),
            // The 60th second of a minute with a leap second is the next minute's first.
            let second = digits(bytes[17..<19], max: 60)
        else { return nil }
        var rest = bytes[19...]
        var microseconds: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = rest.prefix { isDigit($0) }
            guard !fraction.isEmpty else { return nil }
            rest = rest.dropFirst(fraction.count)
            for index in 0..<6 {
                let digit = index < fraction.count ? fraction[fraction.startIndex + index] - 0x30 : 0
                microseconds = microseconds * 10 + Int64(digit)
            }
        }
        guard let offset = offsetSeconds(rest) else { return nil }
        let seconds = hour * 3_600 + minute * 60 + second - offset
        return Timestamp(microseconds: day.start.microseconds + seconds * 1_000_000 + microseconds)
    }

    private static func offsetSeconds(_ zone: ArraySlice<UInt8>) -> Int64? {
        let zone = Array(zone)
        if zone.count == 1 { return zone[0] | 0x20 == UInt8(ascii: "z") ? 0 : nil }
        guard zone.count == 6, zone[0] == UInt8(ascii: "+") || zone[0] == UInt8(ascii: "-"),
            zone[3] == UInt8(ascii: ":"), let hours = digits(zone[1..<3], max: 23),
            let minutes = digits(zone[4..<6], max: 59)
        else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return zone[0] == UInt8(ascii: "-") ? -seconds : seconds
    }

    private static func digits(_ text: ArraySlice<UInt8>, max: Int64) -> Int64? {
        guard text.allSatisfy(isDigit) else { return nil }
        let value = text.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
        return value <= max ? value : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
