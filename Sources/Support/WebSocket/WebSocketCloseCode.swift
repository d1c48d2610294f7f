/// Why a WebSocket closes (RFC 6455 §7.4).
package struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number.
    package let rawValue: UInt16

    /// Creates a code.
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The work is done.
    package static let normal = WebSocketCloseCode(rawValue: 1000)
    /// This end goes away.
    package static let goingAway = WebSocketCloseCode(rawValue: 1001)
    /// The other end broke the protocol.
    package static let protocolError = WebSocketCloseCode(rawValue: 1002)
    /// A kind of message that this end does not take.
    package static let unsupportedData = WebSocketCloseCode(rawValue: 1003)
    /// The close frame named no code; never sent.
    package static let noStatus = WebSocketCloseCode(rawValue: 1005)
    /// The connection went without a close frame; never sent.
    package static let abnormal = WebSocketCloseCode(rawValue: 1006)
    /// A text that is not UTF-8.
    package static let invalidPayload = WebSocketCloseCode(rawValue: 1007)
    /// What came breaks a rule of this end.
    package static let policyViolation = WebSocketCloseCode(rawValue: 1008)
    /// A message larger than this end takes.
    package static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
    /// This end cannot go on.
    package static let internalError = WebSocketCloseCode(rawValue: 1011)

    /// Whether a close frame may carry it: defined for that, registered since, or from 3000 on for others.
    package var isSendable: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    package var description: String { String(rawValue) }
}
