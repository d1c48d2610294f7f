import Wire
import HTTP
import HTTPClient
import LedgerCore

/// Carries the provider's answer to the client, byte for byte, and holds its end back until the call is
/// settled.
///
/// A stream goes through as it comes; any other answer up to a limit is held whole, so that its head can tell
/// the cost.
///
/// A class: a write can find that the client has gone, and its call then says so here before that write
/// returns.
final class AnswerRelay {
    private let exchange: HTTPExchange
    private let heldBytesMax: Int
    /// Hides the usage chunk that the client did not ask for.
    var filter: IncludeUsageFilter?
    /// The provider's status; 0 until its head has come.
    private(set) var status = 0
    /// Whether the answer is a stream of events.
    private(set) var isStream = false
    /// What the client is told where no answer came.
    var failure: ProviderFailure?
    var cost: Cost?
    var position: Position?
    var remaining: Money?
    var isClientGone = false
    private var headers = HTTPHeaders()
    private var held: [UInt8] = []
    private var isHolding = true
    private var isReleased = false
    private var isUpstreamDone = false
    private var isBroken = false
    private var isRefused = false

    init(_ exchange: HTTPExchange, heldBytesMax: Int) {
        self.exchange = exchange
        self.heldBytesMax = heldBytesMax
    }

    /// Takes the provider's head.
    func begin(_ head: HTTPResponseHead, isStream: Bool, remaining: Money?) {
        status = head.status
        self.isStream = isStream
        self.remaining = remaining
        headers = UpstreamHeaders.response(head.headers)
        if isStream { startStreaming() }
    }

    /// Passes bytes on, or holds them; false: the client is slow, wait.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard var filter else { return pass(bytes) }
        var isReady = true
        filter.feed(bytes) { isReady = pass($0) && isReady }
        self.filter = filter
        return isReady
    }

    /// Holds everything from now on.
    func holdBack() {
        // What was filtered so far has gone out; what comes now waits.
        isHolding = true
    }

    /// Takes the end of the provider's answer.
    func upstreamEnded(_ result: Result<Void, HTTPClientError>) {
        isUpstreamDone = true
        if var filter {
            filter.finish { _ = pass($0) }
            self.filter = nil
        }
        if case .failure = result { isBroken = true }
    }

    /// Lets go of what is held: the call is settled.
    func release() {
        isReleased = true
        guard !isClientGone, !isRefused else { return }
        if status == 0, let failure {
            respond(failure)
        } else if exchange.isStarted {
            isHolding = false
            if !held.isEmpty { _ = exchange.write(held) }
            held = []
        } else if !isBroken {
            exchange.respond(status: status, headers: headersWithLedger, body: held)
            held = []
        } else {
            respond(.upstreamFailed("The provider's answer broke off."))
        }
    }

    /// Ends the client's answer once the provider has ended and the call is settled.
    func finishIfReleased(_ then: () -> Void) {
        guard isReleased, isUpstreamDone || status == 0 else { return }
        if !isClientGone, !exchange.isEnded {
            if isBroken { exchange.abort() } else { exchange.finish() }
        }
        then()
    }

    /// Tells the client that its answer could not be recorded.
    func refuse(_ failure: ProviderFailure) {
        guard !isRefused, !isClientGone, !exchange.isEnded else { return }
        isRefused = true
        if exchange.isStarted { exchange.abort() } else { respond(failure) }
    }

    private func startStreaming() {
        guard !isClientGone, !exchange.isStarted else { return }
        isHolding = false
        exchange.start(status: status, headers: headersWithLedger)
        if !held.isEmpty { _ = exchange.write(held) }
        held = []
    }

    private func pass(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !isClientGone, !isRefused else { return true }
        guard isHolding else { return exchange.write(bytes) }
        held.append(contentsOf: bytes)
        if !isStream, held.count > heldBytesMax { startStreaming() }
        return true
    }

    private func respond(_ failure: ProviderFailure) {
        ProxyService.respond(failure, provider: provider, on: exchange)
    }

    /// The provider whose error shape the client reads.
    var provider = Provider.openai

    private var headersWithLedger: HTTPHeaders {
        var headers = headers
        if let cost, cost.state != .unpriced { headers.set("x-ledger-cost-usd", cost.amount.decimalText) }
        if let position { headers.set("x-ledger-position", String(position.value)) }
        if let remaining { headers.set("x-quota-remaining-usd", max(remaining, .zero).decimalText) }
        return headers
    }
}
