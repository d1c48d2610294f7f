import Testing

@testable import Platform

@Suite("EngineEvent")
struct EngineEventTests {
    @Test("Each action has a word of its own")
    func actions() { #expect(Set(EngineEvent.Action.allCases.map(\.rawValue)).count == 6) }
}
