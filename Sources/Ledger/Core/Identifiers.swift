/// Place in one journal: from 1, without gaps, given by its one writer; 0 is before the first event.
package struct Position: Hashable, Comparable, Sendable {
    /// The number.
    package let value: Int64

    /// Creates a position.
    package init(_ value: Int64) { self.value = value }

    package static func < (left: Position, right: Position) -> Bool { left.value < right.value }

    /// The position after this one.
    package var next: Position { Position(value + 1) }
}

/// Who a call is charged to.
///
/// 1 to 128 bytes of `A–Z a–z 0–9 . _ @ : + -`, not starting with `_` (those names are the ledger's own).
package struct UserID: Hashable, Sendable {
    /// The name.
    package let text: String

    /// Checks `text`; nil when it is not a user's name.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard (1...128).contains(bytes.count), bytes.first != UInt8(ascii: "_"),
            bytes.allSatisfy(Self.isAllowed)
        else { return nil }
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "@"),
            UInt8(ascii: ":"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// A 128-bit identifier, written as a UUID.
package struct UniqueID: Hashable, Sendable {
    /// The bits, most significant first.
    package let bits: UInt128

    /// Creates an identifier from its bits.
    package init(bits: UInt128) { self.bits = bits }

    /// A version 7 UUID (RFC 9562): 48 bits of milliseconds, then `random`.
    package init(at time: Timestamp, random: UInt128) {
        let milliseconds = UInt128(UInt64(max(time.microseconds, 0)) / 1000) & 0xFFFF_FFFF_FFFF
        let version: UInt128 = 0x7 << 76
        let variant: UInt128 = 0b10 << 62
        let randomHigh = (random >> 64 & 0xFFF) << 64
        let randomLow = random & 0x3FFF_FFFF_FFFF_FFFF
        bits = milliseconds << 80 | version | randomHigh | variant | randomLow
    }

    /// `0193b1a2-….`: 36 characters, lower case.
    package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends ``text``.
    package func append(to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 36) { text in
            var words = (UInt64(truncatingIfNeeded: bits >> 64), UInt64(truncatingIfNeeded: bits))
            for at in 0..<36 {
                if Self.isHyphen(at) {
                    text.initializeElement(at: at, to: UInt8(ascii: "-"))
                    continue
                }
                let digit = UInt8(truncatingIfNeeded: words.0 >> 60)
                text.initializeElement(
                    at: at, to: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
                words.0 = words.0 << 4
                // Half of the sixteen first digits are gone by then: the other word follows.
                if at == 17 { words.0 = words.1 }
            }
            bytes.append(contentsOf: text)
        }
    }

    /// Reads the 36-character lower-case form; nil for any other text.
    package init?(_ text: some Collection<UInt8>) {
        guard text.count == 36 else { return nil }
        // Two words of sixteen digits each: shifting 128 bits a digit is slow.
        var words: (UInt64, UInt64) = (0, 0)
        var offset = 0
        for byte in text {
            defer { offset += 1 }
            if Self.isHyphen(offset) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if offset < 18 {
                words.0 = words.0 << 4 | UInt64(digit)
            } else {
                words.1 = words.1 << 4 | UInt64(digit)
            }
        }
        bits = UInt128(words.0) << 64 | UInt128(words.1)
    }

    private static func isHyphen(_ offset: Int) -> Bool {
        offset == 8 || offset == 13 || offset == 18 || offset == 23
    }
}
