import LedgerCore
import LedgerRuntime
import Testing
import Wire

@testable import Proxy

@Suite("Settlement, fees of tools")
struct SettlementFeesTests {
    private func settled(
        _ reading: UsageReading, offers: Bool, ending: Settlement.Ending = .complete
    ) throws -> CallSettled {
        let prices = try PriceBookFile.parse(Array(AdmissionTests.book.utf8), file: "f")
        let time = Timestamp(microseconds: 1_790_000_000_000_000)
        let call = CallIdentity(
            callID: UniqueID(at: time, random: 1), user: try #require(UserID("ann")), source: "proxy",
            provider: "openai", model: "gpt", api: "responses")
        return Settlement(
            call: call, reserved: try Money(decimal: "20"), reservedTokens: 10_000,
            unpricedReserve: try Money(decimal: "50"), prices: prices, time: time, billing: .billable,
            tellsUsage: true, offersUnpricedTools: offers
        ).event(
            status: 200, ending: ending, reading: reading, isClientGone: false, durationMilliseconds: 1,
            prompt: nil)
    }

    /// A thousand tokens out: ten cents.
    private func reading(hasTools: Bool, isTail: Bool = false) -> UsageReading {
        var reading = UsageReading()
        var usage = Usage()
        usage.output = 1_000
        reading.usage = usage
        reading.source = .providerFinal
        reading.hasUnpricedTools = hasTools
        reading.isTail = isTail
        reading.isWhole = true
        reading.sawTerminal = true
        return reading
    }

    @Test("The book's own amount stands for a fee, whatever is held for unknown models")
    func bookAmount() throws {
        let event = try settled(reading(hasTools: true), offers: true)
        #expect(event.cost == .estimated(try Money(decimal: "7.1")))
        #expect(event.fees == (try Money(decimal: "7")))
        // What the provider says of the tokens is its last word all the same.
        #expect(event.usageSource == .providerFinal && event.usage.output == 1_000)
    }

    @Test("A tool that is offered and not used costs nothing, unless the answer's beginning is not known")
    func unused() throws {
        let plain = try settled(reading(hasTools: false), offers: true)
        #expect(plain.cost == .priced(try Money(decimal: "0.1")) && plain.fees == nil)
        let tail = try settled(reading(hasTools: false, isTail: true), offers: true)
        #expect(tail.cost == .estimated(try Money(decimal: "7.1")))
        let other = try settled(reading(hasTools: false, isTail: true), offers: false)
        #expect(other.cost == .priced(try Money(decimal: "0.1")))
    }

    @Test("Figures that leave something out cost what was reserved, in which the fee is")
    func incomplete() throws {
        var reading = reading(hasTools: true)
        reading.isIncomplete = true
        let event = try settled(reading, offers: true)
        #expect(event.cost == .estimated(try Money(decimal: "20")) && event.fees == nil)
        #expect(event.usageSource == .estimated)
    }

    @Test("An answer that broke off has the fee of the tool that was seen")
    func broken() throws {
        var reading = reading(hasTools: true)
        reading.sawTerminal = false
        reading.isWhole = false
        reading.source = .providerPartial
        let event = try settled(reading, offers: true, ending: .broken)
        #expect(event.cost == .estimated(try Money(decimal: "7.1")))
        #expect(event.fees == (try Money(decimal: "7")) && event.usageSource == .providerPartial)
    }
}
