import JSON

/// One event of a streamed answer, as its bytes go out.
struct StreamEvent {
    let bytes: [UInt8]
    /// How many pieces of the text have gone out with it.
    let piecesSent: Int

    /// Makes an event from its JSON; the name is left out where the API has none.
    init(_ name: String?, piecesSent: Int, _ json: (inout JSONText) -> Void) {
        self.init(name, piecesSent: piecesSent, data: JSONText.object(json))
    }

    /// Makes an event from its data.
    init(_ name: String?, piecesSent: Int, data: [UInt8]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 48)
        if let name {
            bytes.append(contentsOf: "event: ".utf8)
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        bytes.append(contentsOf: "data: ".utf8)
        bytes.append(contentsOf: data)
        bytes.append(contentsOf: "\n\n".utf8)
        self.bytes = bytes
        self.piecesSent = piecesSent
    }

    /// The same event with the second half of its data gone.
    var broken: StreamEvent {
        let isNamed = bytes.starts(with: "event: ".utf8)
        let start = isNamed ? (bytes.firstIndex(of: UInt8(ascii: "\n")) ?? 0) + 7 : 6
        let end = max(start + 1, start + (bytes.count - 2 - start) / 2)
        return StreamEvent(raw: bytes[..<min(end, bytes.count - 2)] + [10, 10], piecesSent: piecesSent)
    }

    private init(raw bytes: ArraySlice<UInt8>, piecesSent: Int) {
        self.bytes = Array(bytes)
        self.piecesSent = piecesSent
    }
}
