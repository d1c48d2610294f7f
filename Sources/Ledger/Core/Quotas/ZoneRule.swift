/// What a time zone's clock shows, as it was known when a quota was set.
///
/// A quota's event records it whole, so that a replay on another machine, with another edition of the zones,
/// finds the same windows.
package struct ZoneRule: Hashable, Sendable {
    /// The zone's name in the IANA database: `Europe/Berlin`.
    package let name: String
    /// What holds from the last of ``transitions`` on, in the form of POSIX.
    package let rule: String
    /// Changes that the rule alone does not say, in order; the rule holds from the last on.
    package let transitions: [ZoneTransition]
    private let posix: PosixZone

    /// The most transitions that are recorded.
    package static let transitionsMax = 256

    /// The time that everything else in the ledger is counted in.
    package static let utc = ZoneRule(utcNamed: "UTC")

    /// Creates a zone; nil when the rule is none, or the transitions are too many or out of order.
    package init?(name: String, rule: String, transitions: [ZoneTransition] = []) {
        guard let posix = PosixZone(rule), Self.isName(name), transitions.count <= Self.transitionsMax,
            zip(transitions, transitions.dropFirst()).allSatisfy({ $0.at < $1.at }),
            transitions.allSatisfy({ abs($0.offset) <= 93_600 && abs($0.at) < 1 << 40 })
        else { return nil }
        self.name = name
        self.rule = rule
        self.transitions = transitions
        self.posix = posix
    }

    private init(utcNamed name: String) {
        self.name = name
        rule = "UTC0"
        transitions = []
        posix = PosixZone(standardOffset: 0, daylight: nil)
    }

    /// Whether the clock always shows UTC.
    package var isUTC: Bool { transitions.isEmpty && posix.standardOffset == 0 && posix.daylight == nil }

    /// Seconds east of UTC at `seconds` since 1970.
    ///
    /// - Complexity: logarithmic in the transitions.
    package func offset(at seconds: Int64) -> Int64 {
        guard let last = transitions.last, seconds < last.at else { return posix.offset(at: seconds) }
        var low = 0
        var high = transitions.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if transitions[middle].at <= seconds { low = middle } else { high = middle - 1 }
        }
        return transitions[low].offset
    }

    /// Whether `text` can be a zone's name, and a file's below the folder of zones.
    package static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...64).contains(bytes.count), bytes.first != UInt8(ascii: "/"),
            bytes.last != UInt8(ascii: "/")
        else { return false }
        return bytes.allSatisfy { byte in
            (0x41...0x5A).contains(byte & 0xDF) || (0x30...0x39).contains(byte)
                || [UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/")].contains(byte)
        }
    }
}

/// A change of a zone's clock.
package struct ZoneTransition: Hashable, Sendable {
    /// Seconds since 1970.
    package let at: Int64
    /// Seconds east of UTC from then on.
    package let offset: Int64

    /// Creates a change.
    package init(at: Int64, offset: Int64) {
        self.at = at
        self.offset = offset
    }
}

extension PosixZone {
    fileprivate init(standardOffset: Int64, daylight: Daylight?) {
        self.standardOffset = standardOffset
        self.daylight = daylight
    }
}
