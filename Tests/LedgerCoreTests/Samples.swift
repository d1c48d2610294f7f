import LedgerCore
import Testing

/// The user called `text`; an issue is recorded when that is not a name.
func user(_ text: String) throws -> UserID { try #require(UserID(text)) }

/// A moment, from its text.
func moment(_ text: String) throws -> Timestamp { try #require(Timestamp(text.utf8)) }

/// Dollars, from their text.
func usd(_ text: String) throws -> Money { try Money(decimal: text) }

/// The call number `number` of `user`.
func call(
    _ number: Int, of user: UserID, model: String = "claude-sonnet-4-5", in dispatch: DispatchIdentity? = nil
) -> CallIdentity {
    CallIdentity(
        callID: UniqueID(bits: UInt128(number)), user: user, source: "proxy", provider: "anthropic",
        model: model, api: "messages", dispatchID: dispatch?.dispatchID.text)
}

/// The end of `call` at `cost`.
func settled(
    _ call: CallIdentity, _ cost: Cost, input: Int64 = 0, output: Int64 = 0, result: CallResult = .ok
) -> CallSettled {
    var usage = Usage()
    usage.input = input
    usage.output = output
    return CallSettled(
        call: call, result: result, status: 200, usage: usage, usageSource: .providerFinal, cost: cost,
        priceBook: "book", durationMilliseconds: 7)
}

/// The agent run number `number` of `user`.
func dispatch(_ number: Int, of user: UserID, source: String = "web") -> DispatchIdentity {
    DispatchIdentity(
        dispatchID: UniqueID(bits: UInt128(number) << 64), user: user, source: source, kernel: "command")
}

/// A model's share of an agent run.
func share(_ model: String, _ cost: Money, input: Int64 = 0) -> DispatchShare {
    var usage = Usage()
    usage.input = input
    return DispatchShare(provider: "anthropic", model: model, usage: usage, cost: cost)
}

/// What the gateway says at the end of `dispatch`.
func report(
    _ dispatch: DispatchIdentity, result: CallResult = .ok, isProxied: Bool? = nil,
    shares: [DispatchShare]? = nil, cost: Cost = .unpriced(holding: .zero)
) -> DispatchReport {
    DispatchReport(
        dispatchID: dispatch.dispatchID, result: result, isProxied: isProxied, shares: shares, cost: cost,
        priceBook: "book", durationMilliseconds: 9)
}

/// Records events one after another, as a writer would.
struct Recorder {
    private(set) var events: [RecordedEvent] = []
    private(set) var state = LedgerState()
    var now: Timestamp

    init(at text: String) throws { now = try moment(text) }

    /// Judges `command` now and records what follows.
    mutating func run(_ command: Command, in scope: BudgetScope = .own) throws {
        for event in try state.decide(command, at: now, in: scope) { record(event) }
    }

    /// Why `command` is refused now; nil: it is not.
    func rejection(of command: Command) -> Rejection? {
        do throws(Rejection) {
            _ = try state.decide(command, at: now)
            return nil
        } catch {
            return error
        }
    }

    /// Records `event` now.
    mutating func record(_ event: Event) {
        let position = Position(Int64(events.count) + 1)
        let recorded = RecordedEvent(
            position: position, timestamp: max(now, state.lastTimestamp),
            id: UniqueID(bits: UInt128(position.value)), event: event)
        events.append(recorded)
        state.evolve(recorded)
    }

    /// The last event.
    var last: Event? { events.last?.event }
}
