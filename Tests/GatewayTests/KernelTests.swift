import Testing

@testable import Gateway

@Suite("Kernel")
struct KernelTests {
    @Test("Each failure has a word of its own")
    func codes() { #expect(Set(KernelFailure.Code.allCases.map(\.rawValue)).count == 9) }
}
