import Foundation
import LedgerCore
import Testing

@Suite("ActivityLine")
struct ActivityLineTests {
    @Test("Each type of event is a line in words, but for reservations")
    func lines() throws {
        var bytes: [UInt8] = []
        for type in EventType.allCases {
            for recorded in try Examples.events(of: type) { ActivityLine.append(recorded, to: &bytes) }
        }
        try expectGolden(bytes, named: "activity.log")
    }

    @Test("A line is one JSON object, and has nothing that a person wrote", arguments: EventType.allCases)
    func fields(_ type: EventType) throws {
        for recorded in try Examples.events(of: type) {
            var bytes: [UInt8] = []
            ActivityLine.append(recorded, to: &bytes)
            guard type != .callReserved else {
                #expect(bytes.isEmpty)
                continue
            }
            #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 1)
            let parsed = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
            let line = try #require(parsed)
            #expect(line["event"] as? String == type.rawValue)
            #expect(line["position"] as? Int64 == recorded.position.value)
            #expect(line["timestamp"] as? String == recorded.timestamp.text)
            #expect(line["user"] as? String == recorded.event.user?.text)
            let written = ["prompt", "toolInputs", "summary", "sessionId", "toolsUsed"]
            #expect(written.allSatisfy { line[$0] == nil })
            let text = String(decoding: bytes, as: UTF8.self)
            for word in ["say ", "spends"] { #expect(!text.contains(word)) }
        }
    }
}
