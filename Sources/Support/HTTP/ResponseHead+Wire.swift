import CHTTPParser

extension ResponseHead {
    /// Appends the head as it goes on the wire.
    ///
    /// Framing and connection fields are the server's own; those that the handler gave are left out.
    func append(to out: inout [UInt8], date: [UInt8], keepAlive: Bool, minorVersion: Int) {
        out.append(contentsOf: StatusLine.bytes(status))
        var hasDate = false
        headers.forEachRaw { name, value in
            switch Reserved(name) {
            case .framing: return
            case .date: hasDate = true
            case nil: break
            }
            out.append(contentsOf: name)
            out.append(UInt8(ascii: ":"))
            out.append(UInt8(ascii: " "))
            out.append(contentsOf: value)
            ResponseHead.endLine(&out)
        }
        if !hasDate { out.append(contentsOf: date) }
        switch framing {
        case .length(let count): ResponseHead.appendLength(count, to: &out)
        case .chunked: out.append(contentsOf: ResponseHead.chunkedField)
        case .upgrade: out.append(contentsOf: ResponseHead.upgradeField)
        case .untilClose, .none: break
        }
        if framing == .upgrade {
            // It says how it goes on by itself.
        } else if !keepAlive {
            out.append(contentsOf: ResponseHead.closeField)
        } else if minorVersion == 0 {
            out.append(contentsOf: ResponseHead.keepAliveField)
        }
        ResponseHead.endLine(&out)
    }

    /// Whether the handler asked to close the connection.
    var asksToClose: Bool { headers["connection"]?.lowercased() == "close" }

    static func endLine(_ out: inout [UInt8]) {
        out.append(UInt8(ascii: "\r"))
        out.append(UInt8(ascii: "\n"))
    }

    private static let chunkedField = Array("transfer-encoding: chunked\r\n".utf8)
    private static let upgradeField = Array("connection: upgrade\r\n".utf8)
    private static let closeField = Array("connection: close\r\n".utf8)
    private static let keepAliveField = Array("connection: keep-alive\r\n".utf8)
    private static let lengthName = Array("content-length: ".utf8)

    private static func appendLength(_ count: Int, to out: inout [UInt8]) {
        out.append(contentsOf: lengthName)
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { digits in
            var at = digits.count
            var rest = count
            repeat {
                at -= 1
                digits[at] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            out.append(contentsOf: digits[at...])
        }
        endLine(&out)
    }
}

/// Field names that the server writes itself.
private enum Reserved {
    case framing, date

    init?(_ name: UnsafeRawBufferPointer) {
        switch name.count {
        case 4 where Reserved.matches(name, "date"): self = .date
        case 10 where Reserved.matches(name, "connection") || Reserved.matches(name, "keep-alive"):
            self = .framing
        case 14 where Reserved.matches(name, "content-length"): self = .framing
        case 17 where Reserved.matches(name, "transfer-encoding"): self = .framing
        default: return nil
        }
    }

    private static func matches(_ name: UnsafeRawBufferPointer, _ wanted: StaticString) -> Bool {
        guard let base = name.baseAddress else { return false }
        return wanted.withUTF8Buffer { http_same_name(base, $0.baseAddress, $0.count) }
    }
}
