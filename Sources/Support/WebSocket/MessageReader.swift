/// Makes messages of a client's frames, by the rules of RFC 6455 without extensions.
struct MessageReader {
    /// What a client has said.
    enum Event: Hashable {
        case text(String)
        case ping([UInt8])
        case pong
        /// It closes; ``WebSocketCloseCode/noStatus`` when it does not say why.
        case close(WebSocketCloseCode)
        /// It broke a rule: nothing after this means anything.
        case failure(WebSocketCloseCode)
    }

    private let messageBytesMax: Int
    /// The text so far, from its first fragment to its last.
    private var message: [UInt8] = []
    private var isInMessage = false
    private var control: [UInt8] = []
    private var frame: FrameOpcode?
    private var frameBytesLeft: UInt64 = 0

    init(messageBytesMax: Int) { self.messageBytesMax = messageBytesMax }

    /// Takes a piece of a frame; returns what it made whole.
    mutating func take(_ piece: FramePiece) -> Event? {
        if frame == nil, let code = begin(piece) { return .failure(code) }
        guard let opcode = frame else { return nil }
        let isControl = opcode.rawValue >= FrameOpcode.close.rawValue
        if isControl {
            control.append(contentsOf: piece.bytes)
        } else {
            message.append(contentsOf: piece.bytes)
        }
        let count = UInt64(piece.bytes.count)
        frameBytesLeft = frameBytesLeft > count ? frameBytesLeft - count : 0
        guard frameBytesLeft == 0 else { return nil }
        frame = nil
        if isControl { return endControl(opcode) }
        return piece.isFinal ? endMessage() : nil
    }

    /// Checks a frame's head and begins it; returns why it cannot be.
    private mutating func begin(_ piece: FramePiece) -> WebSocketCloseCode? {
        guard piece.isMasked, piece.reservedBits == 0, let opcode = FrameOpcode(rawValue: piece.opcode)
        else { return .protocolError }
        switch opcode {
        case .text, .binary:
            if isInMessage { return .protocolError }
            if opcode == .binary { return .unsupportedData }
        case .continuation: if !isInMessage { return .protocolError }
        case .close, .ping, .pong: break
        }
        if opcode == .text || opcode == .continuation {
            if piece.payloadBytes > UInt64(messageBytesMax - message.count) { return .messageTooBig }
            isInMessage = true
        }
        frame = opcode
        frameBytesLeft = piece.payloadBytes
        return nil
    }

    private mutating func endMessage() -> Event {
        let bytes = message
        message = []
        isInMessage = false
        guard let text = String(validating: bytes, as: UTF8.self) else { return .failure(.invalidPayload) }
        return .text(text)
    }

    private mutating func endControl(_ opcode: FrameOpcode) -> Event {
        let payload = control
        control = []
        switch opcode {
        case .ping: return .ping(payload)
        case .close: return Self.close(payload)
        default: return .pong
        }
    }

    private static func close(_ payload: [UInt8]) -> Event {
        if payload.isEmpty { return .close(.noStatus) }
        guard payload.count >= 2 else { return .failure(.protocolError) }
        let code = WebSocketCloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.isSendable else { return .failure(.protocolError) }
        guard String(validating: payload[2...], as: UTF8.self) != nil else {
            return .failure(.invalidPayload)
        }
        return .close(code)
    }
}
