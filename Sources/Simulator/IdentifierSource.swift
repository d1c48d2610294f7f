import Lifecycle

/// Makes identifiers that no other run of the program makes: a random part for this run, then a count.
struct IdentifierSource {
    private static let digits = Array("0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)
    private static let countDigits = 8
    private let run: [UInt8]
    private var count: UInt64 = 0

    /// Draws the random part, of about 80 bits.
    init(random: RandomSource) {
        run = random.bytes(14).map { Self.digits[Int($0) % Self.digits.count] }
    }

    /// Returns the next one.
    mutating func next(_ prefix: String) -> String {
        var rest = count
        count += 1
        return String(unsafeUninitializedCapacity: prefix.utf8.count + run.count + Self.countDigits) {
            buffer in
            var at = 0
            for byte in prefix.utf8 {
                buffer[at] = byte
                at += 1
            }
            for byte in run {
                buffer[at] = byte
                at += 1
            }
            let end = at + Self.countDigits
            for place in stride(from: end - 1, through: at, by: -1) {
                buffer[place] = Self.digits[Int(rest % UInt64(Self.digits.count))]
                rest /= UInt64(Self.digits.count)
            }
            return end
        }
    }
}
