import Access
import LedgerCore
import Testing

@testable import Platform

@Suite("OperationGate")
struct OperationGateTests {
    private let ann: ContainerHandle
    private let bob: ContainerHandle

    init() throws {
        ann = try OrchestratorWorld.handle("ann")
        bob = try OrchestratorWorld.handle("bob")
    }

    @Test("One operation a container, in the order in which they came; others pass by")
    func order() {
        var gate = OperationGate<Int>(activeMax: 2)
        let entries = [gate.enter(1, for: ann), gate.enter(2, for: ann), gate.enter(3, for: bob)]
        #expect(entries == [.starts, .waits, .starts])
        #expect(gate.leave(bob).isEmpty)
        #expect(gate.leave(ann).map(\.job) == [2])
        #expect(gate.isTaken(ann) && !gate.isTaken(bob))
        #expect(gate.leave(ann).isEmpty)
        #expect(gate.isIdle)
    }

    @Test("Too many are refused: for one container, and in all")
    func limits() {
        var gate = OperationGate<Int>(activeMax: 1, waitingPerHandleMax: 1, waitingMax: 2)
        let entries = [ann, ann, ann, bob, bob].map { gate.enter(0, for: $0) }
        #expect(entries == [.starts, .waits, .handleIsFull, .waits, .handleIsFull])
        let third = ContainerHandle("cy").map { gate.enter(0, for: $0) }
        #expect(third == .isFull)
        #expect(gate.empty().count == 2)
    }

    @Test("A Platform that is told nothing looks every fifteen seconds")
    func standards() {
        let configuration = PlatformConfiguration(
            containers: OrchestratorConfiguration(origin: "here", image: nil, proxyURL: "", keySecret: []),
            access: KeyAccess(keySecret: [1], adminToken: "token"))
        #expect(configuration.statsIntervalMilliseconds == 15_000)
    }
}
