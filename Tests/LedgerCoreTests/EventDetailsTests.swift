import Foundation
import LedgerCore
import Testing

@Suite("Event details")
struct EventDetailsTests {
    /// Whether SQL gets nothing beside the columns: of the busy types, but for calls that are not plainly ok,
    /// or not the first try.
    private func isBusy(_ event: Event) -> Bool {
        switch event {
        case .dispatchStarted: true
        case .callReserved(let event): event.call.retry == nil
        case .callSettled(let event):
            event.result == .ok && event.cost.state == .priced && event.call.retry == nil
        default: false
        }
    }

    @Test(
        "What SQL gets beside the columns is part of the line, and nothing that a person wrote",
        arguments: EventType.allCases)
    func partOfTheLine(_ type: EventType) throws {
        for recorded in try Examples.events(of: type) {
            guard let details = EventDetails.json(of: recorded.event) else {
                #expect(isBusy(recorded.event))
                continue
            }
            #expect(!isBusy(recorded.event))
            var line: [UInt8] = []
            EventEncoder.append(recorded, to: &line)
            let whole = try object(line + [UInt8(ascii: "}")])
            for (key, value) in try object(details) {
                #expect(whole[key] == value, "\(key)")
                #expect(!["prompt", "toolInputs", "summary", "sessionId"].contains(key))
            }
        }
    }

    private func object(_ bytes: [UInt8]) throws -> [String: NSObject] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: NSObject])
    }
}
