import JSON

/// The answer of `/v1/embeddings`.
enum EmbeddingsAnswer {
    /// Returns the body.
    static func body(_ call: SimulatedCall) -> [UInt8] {
        var text = JSONText(reserving: 256 + call.embeddings.seeds.count * call.embeddings.dimensions * 14)
        text.object { text in
            text.member("object", "list")
            text.key("data")
            text.array { list in
                for (index, seed) in call.embeddings.seeds.enumerated() {
                    list.object {
                        $0.member("object", "embedding")
                        $0.member("index", index)
                        $0.key("embedding")
                        write(vector(seed, call.embeddings.dimensions), call.embeddings.isBase64, to: &$0)
                    }
                }
            }
            text.member("model", call.model)
            if call.showsUsage {
                text.key("usage")
                call.usage.write(.embeddings, to: &text)
            }
        }
        return text.bytes
    }

    /// Returns a vector of length 1 that follows from `seed`.
    private static func vector(_ seed: UInt64, _ dimensions: Int) -> [Float] {
        var state = seed | 1
        let values = (0..<dimensions).map { _ -> Float in
            // xorshift64: any fixed sequence will do.
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Float(Int64(state >> 40) - (1 << 23)) / Float(1 << 23)
        }
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? values.map { $0 / length } : values
    }

    private static func write(_ vector: [Float], _ isBase64: Bool, to text: inout JSONText) {
        guard isBase64 else { return text.array { list in for value in vector { list.raw("\(value)") } } }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for value in vector {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        text.raw([UInt8(ascii: "\"")] + base64(bytes) + [UInt8(ascii: "\"")])
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static func base64(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(3 - group.count) * 8
            for place in 0..<4 {
                let digit = digits[Int(bits >> UInt32(18 - place * 6)) & 63]
                text.append(place <= group.count ? digit : UInt8(ascii: "="))
            }
        }
        return text
    }
}
