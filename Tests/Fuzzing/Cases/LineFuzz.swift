import LedgerCore

/// What a line decodes to is written as a line that decodes to the same.
enum LineFuzz {
    static func complaint(about bytes: [UInt8]) -> String? {
        guard let event = decoded(bytes) else { return nil }
        var line: [UInt8] = []
        EventEncoder.append(event, to: &line)
        line += Array(",\"chain\":\"\(String(repeating: "0", count: 64))\"}".utf8)
        guard let again = decoded(line) else { return "its own line is not read: \(text(line))" }
        guard again == event else { return "its own line means another event: \(text(line))" }
        var view = LedgerState()
        view.evolve(event)
        var usage = UsageProjection()
        usage.evolve(event)
        return nil
    }

    private static func decoded(_ line: [UInt8]) -> RecordedEvent? {
        line.withUnsafeBytes { bytes in try? EventDecoder.decode(bytes) }
    }

    private static func text(_ line: [UInt8]) -> String { String(decoding: line, as: UTF8.self) }
}
