/// One line being written: a JSON object that stays valid and short whatever its values hold.
struct LogLine {
    /// What a pipe takes in one piece, so that lines of several writers never mix.
    static let bytesMax = 4096
    /// Longer values are cut.
    static let valueBytesMax = 1024

    private static let ending = Array("\"truncated\":\"true\"}\n".utf8)
    private static let own: Set<String> = ["time", "level", "service", "message", "suppressed", "truncated"]

    private var bytes: [UInt8] = []
    private var isTruncated = false
    private var hasSuppressed = false

    init(timeMicroseconds: Int64, level: LogLevel, service: String, message: String) {
        bytes.reserveCapacity(512)
        bytes.append(contentsOf: "{\"time\":\"".utf8)
        UTCTime.append(microseconds: timeMicroseconds, to: &bytes)
        bytes.append(contentsOf: "\",\"level\":\"\(level.rawValue)\",\"service\":".utf8)
        JSONText.append(service, bytesMax: 64, to: &bytes)
        bytes.append(contentsOf: ",\"message\":".utf8)
        JSONText.append(message, bytesMax: Self.valueBytesMax / 2, to: &bytes)
    }

    /// Adds a field, unless the line would grow too long; then the line says `truncated`.
    ///
    /// A field named like one of the line's own gets `field_` before its name.
    mutating func add(_ name: String, _ value: String) {
        guard !isTruncated else { return }
        let length = bytes.count
        bytes.append(UInt8(ascii: ","))
        let isOwn = Self.own.contains(name) && (name != "suppressed" || hasSuppressed)
        if name == "suppressed" { hasSuppressed = true }
        JSONText.append(isOwn ? "field_\(name)" : name, bytesMax: 64, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        JSONText.append(value, bytesMax: Self.valueBytesMax, to: &bytes)
        guard bytes.count + Self.ending.count + 1 > Self.bytesMax else { return }
        bytes.removeSubrange(length...)
        isTruncated = true
    }

    /// The whole line with its newline.
    consuming func finish() -> [UInt8] {
        if isTruncated {
            bytes.append(UInt8(ascii: ","))
            bytes.append(contentsOf: Self.ending)
        } else {
            bytes.append(contentsOf: "}\n".utf8)
        }
        return bytes
    }
}
