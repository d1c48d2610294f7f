import LedgerCore
import Testing

/// The line of `recorded`, with `chain` in the place of its link.
func line(_ recorded: RecordedEvent, chain: String = String(repeating: "0a", count: 32)) -> [UInt8] {
    var bytes: [UInt8] = []
    EventEncoder.append(recorded, to: &bytes)
    return bytes + Array(",\"chain\":\"\(chain)\"}".utf8)
}

/// The event in `bytes`, or why there is none.
func decoded(_ bytes: [UInt8]) -> Result<RecordedEvent, CodecError> {
    bytes.withUnsafeBytes { raw in
        do throws(CodecError) { return .success(try EventDecoder.decode(raw)) } catch {
            return .failure(error)
        }
    }
}

@Suite("EventCodec")
struct EventCodecTests {
    @Test("the bytes of each type are these", arguments: EventType.allCases)
    func matchesGolden(_ type: EventType) throws {
        let events = try Examples.events(of: type)
        #expect(events.allSatisfy { $0.event.type == type })
        var bytes: [UInt8] = []
        for event in events { bytes += line(event) + [0x0A] }
        try expectGolden(bytes, named: "journal/\(type.rawValue).jsonl")
        let lines = try golden("journal/\(type.rawValue).jsonl").split(separator: 0x0A)
        let read = try lines.map { try decoded(Array($0)).get() }
        #expect(read == events)
    }

    @Test("what is written is read back, whatever the texts hold", arguments: EventType.allCases)
    func roundTrip(_ type: EventType) throws {
        var random = RandomEvents(21)
        for round in 0..<300 {
            let recorded = try random.recorded(type)
            let bytes = line(recorded)
            #expect(decoded(bytes) == .success(recorded), "seed 21, round \(round)")
            #expect(bytes.allSatisfy { $0 >= 0x20 }, "one line stays one line: seed 21, round \(round)")
            let again = try decoded(bytes).get()
            #expect(line(again) == bytes, "seed 21, round \(round)")
        }
    }

    @Test("encoding appends behind what is there")
    func appends() throws {
        let events = try EventType.allCases.flatMap { try Examples.events(of: $0) }
        var together: [UInt8] = [1, 2, 3]
        for event in events { EventEncoder.append(event, to: &together) }
        var apart: [UInt8] = [1, 2, 3]
        for event in events {
            var bytes: [UInt8] = []
            EventEncoder.append(event, to: &bytes)
            apart += bytes
        }
        #expect(together == apart)
    }

    @Test("a cut line is never an event", arguments: EventType.allCases)
    func truncations(_ type: EventType) throws {
        for recorded in try Examples.events(of: type) {
            let bytes = line(recorded)
            for length in 0..<bytes.count {
                if case .success(let event) = decoded(Array(bytes[..<length])) {
                    Issue.record("cut at \(length) gave \(event)")
                }
            }
            #expect(decoded(bytes + [0x0A]) == .failure(.trailingBytes(offset: bytes.count)))
        }
    }

    @Test(
        "a flipped bit is refused, or is another event whose line is exactly those bytes",
        arguments: EventType.allCases)
    func bitFlips(_ type: EventType) throws {
        for recorded in try Examples.events(of: type) {
            let bytes = line(recorded)
            let end = bytes.count - 66
            var decodable = 0
            for bit in 0..<(8 * bytes.count) {
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                guard case .success(let other) = decoded(flipped) else { continue }
                decodable += 1
                if bit / 8 >= end {
                    // In the link itself: the journal's to check.
                    #expect(other == recorded)
                    continue
                }
                #expect(other != recorded, "bit \(bit)")
                #expect(line(other) == flipped, "bit \(bit) of \(String(decoding: bytes, as: UTF8.self))")
            }
            #expect(decodable > 0)
        }
    }

    @Test("an unknown type is refused by name")
    func unknownType() {
        let text = #"{"position":1,"type":"dispatch.teleported","timestamp":"2026-11-24T22:00:00.000000Z"}"#
        #expect(decoded(Array(text.utf8)) == .failure(.unknownType("dispatch.teleported")))
    }
}

@Suite("EventDecoder, strictness")
struct EventDecoderTests {
    static let valid =
        #"{"position":9,"type":"call.settled","timestamp":"2026-11-24T22:00:00.500000Z","#
        + #""id":"00000000-0000-0000-0000-000000000009","user":"alice","#
        + #""callId":"00000000-0000-0000-0000-000000000001","source":"proxy","provider":"anthropic","#
        + #""model":"m","api":"messages","result":"ok","status":200,"tokensIn":3,"tokensOut":5,"#
        + #""costUsd":0.5,"costState":"priced","durationMs":7,"usage":{"input":3,"output":5,"reasoning":2},"#
        + #""usageSource":"provider_final","priceBook":"b","toolsUsed":["a","b"],"chain":"\#(zeros)"}"#
    static let zeros = String(repeating: "0", count: 64)

    @Test("accepts the line that the others change")
    func control() { #expect((try? decoded(Array(Self.valid.utf8)).get())?.position == Position(9)) }

    static let changes: [(from: String, to: String)] = [
        (#"{"position":9"#, #"{ "position":9"#), (#""position":9"#, #""position":09"#),
        (#""position":9"#, #""position":+9"#), (#""position":9"#, #""position":9.0"#),
        (#""position":9"#, #""position":9e0"#), (#""position":9"#, #""position":"9""#),
        (#""position":9"#, #""position":-0"#), (#""position":9"#, #""position":9223372036854775808"#),
        (#""position":9,"#, #""position":9,"position":9,"#), (#""position":9,"#, ""),
        (".500000Z", ".5Z"), (".500000Z", "Z"), ("T22", "T24"), ("T22", " 22"),
        (#""user":"alice""#, #""user":"_alice""#), (#""user":"alice""#, #""user":null"#),
        (#""user":"alice""#, #""user":"al\u0069ce""#), (#""source":"proxy""#, #""source":"pro\/xy""#),
        (#""source":"proxy""#, #""source":"pro\txy""#), (#""source":"proxy""#, "\"source\":\"pro\txy\""),
        (#""source":"proxy""#, #""source":"\u000a""#), (#""source":"proxy""#, #""source":"\u001F""#),
        (#""source":"proxy""#, #""source":"\ud83d\ude00""#), (#""source":"proxy","#, #""source":"proxy",,"#),
        (#""result":"ok""#, #""result":"OK""#), (#""result":"ok","#, #""result":"ok","extra":1,"#),
        (#""tokensIn":3"#, #""tokensIn":4"#), (#""tokensOut":5"#, #""tokensOut":6"#),
        (#""input":3"#, #""input":3,"cacheRead":0"#), (#""reasoning":2"#, #""reasoning":0"#),
        (#""input":3,"output":5"#, #""output":5,"input":3"#), (#""costUsd":0.5"#, #""costUsd":0.50"#),
        (#""costUsd":0.5"#, #""costUsd":.5"#), (#""costUsd":0.5"#, #""costUsd":5e-1"#),
        (#""costUsd":0.5"#, #""costUsd":NaN"#), (#""costUsd":0.5"#, #""costUsd":null"#),
        (#""costUsd":0.5"#, #""costUsd":"0.5""#), (#""costUsd":0.5"#, #""costUsd":0.5000000000000000001"#),
        (#""costState":"priced""#, #""costState":"unpriced""#), (#"["a","b"]"#, #"["a","b",]"#),
        (#"["a","b"]"#, #"["a" "b"]"#), (#"["a","b"]"#, #"["a",1]"#), (#"["a","b"]"#, "null"),
        (zeros, String(repeating: "0", count: 63)), (zeros, String(repeating: "0", count: 65)),
        (zeros, String(repeating: "A", count: 64)), (#","chain":"# + "\"" + zeros + "\"", ""),
    ]

    @Test("refuses every other form of the same line", arguments: changes)
    func refuses(_ from: String, _ to: String) throws {
        let parts = Self.valid.split(separator: from, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "the change applies")
        guard case .success(let event) = decoded(Array("\(parts[0])\(to)\(parts[1])".utf8)) else { return }
        Issue.record("read \(event)")
    }

    private static func saying(_ fields: String) -> [UInt8] {
        Array(valid.replacing(#""api":"messages","#, with: #""api":"messages",\#(fields)"#).utf8)
    }

    @Test("a first try says nothing, a further one which it is, and of which call where that is known")
    func retries() throws {
        func retry(_ fields: String) throws -> CallRetry? {
            guard case .callSettled(let event) = try decoded(Self.saying(fields)).get().event else {
                return nil
            }
            return event.call.retry
        }
        let first = UniqueID(bits: 7)
        #expect(try retry("") == nil)
        #expect(try retry(#""attempt":2,"#) == CallRetry(attempt: 2))
        #expect(
            try retry(#""attempt":100,"retryOf":"\#(first.text)","#) == CallRetry(attempt: 100, first: first))
    }

    @Test(
        "a try that cannot be is refused",
        arguments: [
            #""attempt":1,"#, #""attempt":0,"#, #""attempt":-2,"#, #""attempt":101,"#, #""attempt":"2","#,
            #""attempt":null,"#, #""retryOf":"00000000-0000-0000-0000-000000000007","#,
            #""attempt":2,"retryOf":null,"#, #""attempt":2,"retryOf":"7","#, #""attempt":2,"attempt":2,"#,
            #""retryOf":"00000000-0000-0000-0000-000000000007","attempt":2,"#,
        ])
    func impossibleRetries(_ fields: String) {
        guard case .success(let event) = decoded(Self.saying(fields)) else { return }
        Issue.record("read \(event)")
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func notUTF8(_ bytes: [UInt8]) {
        let parts = Self.valid.split(separator: "proxy", maxSplits: 1)
        let line = Array(parts[0].utf8) + bytes + Array(parts[1].utf8)
        guard case .failure(.notUTF8) = decoded(line) else {
            Issue.record("read invalid text")
            return
        }
    }

    @Test("random bytes are refused without a trap")
    func noise() {
        var seed = Seed(31)
        let valid = Array(Self.valid.utf8)
        for _ in 0..<5_000 {
            var bytes = valid
            for _ in 0..<seed.number(1...4) {
                let at = Int(seed.number(0...Int64(bytes.count - 1)))
                switch seed.number(0...2) {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: seed.next())
                case 1: bytes.remove(at: at)
                default: bytes.insert(UInt8(truncatingIfNeeded: seed.next()), at: at)
                }
            }
            if case .success(let event) = decoded(bytes), !bytes.suffix(70).elementsEqual(valid.suffix(70)) {
                #expect(line(event).dropLast(70) == bytes.dropLast(70))
            }
        }
    }
}
