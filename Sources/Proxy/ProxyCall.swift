import Wire
import Metrics
import EventLoop
import HTTP
import HTTPClient
import LedgerCore
import LedgerRuntime
import Logging
import Threads

/// One call: reserve, forward, pass the answer through, settle, end.
///
/// ```
///                  rejected, unavailable
/// reserving ──────────────────────────────────────────────► ended
///     │ durable                                               ▲
///     ▼                    all of it, broken, or its last     │ durable; only now the
/// forwarding ── answer ── event seen ──────► settling ────────┘ client sees the end
///     │                                         ▲
///     └── client gone: read on, bounded ────────┘
/// ```
/// Loop thread only.
final class ProxyCall {
    private let service: ProxyService
    private let exchange: HTTPExchange
    private let route: APIRoute
    private let request: CallRequest
    private let identity: CallIdentity
    private let admittedAt: Timestamp
    private let prompt: String?
    private var reserved = Money.zero
    private var reservedTokens: Int64 = 0
    private var remaining: Money?
    private var isRecorded = true
    private var isClientGone = false
    private var isSettling = false
    private var isNoted = false
    private var transfer: HTTPTransfer?
    private let answer: AnswerRelay
    private var reader: UsageReader?
    private var sentNanoseconds: UInt64 = 0
    private var drainTimer: LoopTimer?

    init(
        _ service: ProxyService, _ exchange: HTTPExchange, route: APIRoute, request: CallRequest, user: UserID
    ) {
        self.service = service
        self.exchange = exchange
        self.route = route
        self.request = request
        admittedAt = service.ledger.configuration.now()
        prompt = service.promptText(exchange.body)
        identity = CallIdentity(
            callID: service.newID(at: admittedAt), user: user, source: "proxy",
            provider: route.provider.rawValue,
            model: (request.model ?? "").cleanName(bytesMax: 256), api: route.kind.rawValue,
            dispatchID: LinkHeader.value(exchange.head.headers["x-dispatch-id"]),
            sessionID: LinkHeader.value(exchange.head.headers["x-session-id"]),
            retry: service.retry(exchange, by: user))
        answer = AnswerRelay(exchange, heldBytesMax: service.configuration.heldAnswerBytesMax)
        answer.provider = route.provider
    }

    var user: UserID { identity.user }
    private var callID: String { identity.callID.text }
    private var log: Logger { service.log.tracing(exchange.trace?.traceID) }

    // MARK: Reserve

    func start(at upstream: ProxyConfiguration.Upstream, key: String) {
        service.calls[identity.callID] = self
        exchange.onDisconnect = { [weak self] in self?.clientLeft() }
        let admission = service.admission(at: admittedAt)
        let (estimate, isPriced) = admission.estimate(request, route)
        if !isPriced, let refusal = service.refusal(of: request, route, admission) {
            return end(with: refusal, headers: ["x-should-retry": "false"])
        }
        let command = Command.reserve(
            identity, estimate, priceBook: service.ledger.prices.hash, isPriced: isPriced)
        submit(command) { call, result in
            switch result {
            case .success(let receipt): call.decided(receipt, upstream, key)
            case .failure(let error): call.notAdmitted(error, upstream, key)
            }
        }
    }

    /// Asks the ledger, and comes back to the loop with its answer.
    private func submit(
        _ command: Command, then: @escaping (ProxyCall, Result<Receipt, LedgerError>) -> Void
    ) {
        let me = Confined((call: self, then: then))
        let loop = service.loop
        service.ledger.submit(command) { result in
            loop.post { me.value.then(me.value.call, result) }
        }
    }

    private func decided(_ receipt: Receipt, _ upstream: ProxyConfiguration.Upstream, _ key: String) {
        switch receipt.last?.event {
        case .callRejected(let event): refuse(event)
        case .callReserved(let event):
            reserved = event.reserved
            reservedTokens = event.reservedTokens
            remaining = receipt.remaining
            if event.call.retry != nil { service.metrics.retries[route.provider.rawValue].increment() }
            answer.position = receipt.position
            if isClientGone { return settle(.notSent) }
            forward(to: upstream, key: key)
        default: end(with: .unavailable("The ledger did not answer as expected."))
        }
    }

    private func notAdmitted(_ error: LedgerError, _ upstream: ProxyConfiguration.Upstream, _ key: String) {
        if case .unavailable = error, service.configuration.isFailOpen {
            isRecorded = false
            // No event will tell of this call: it is for nobody but a client that is there.
            exchange.requireClient()
            if isClientGone { return ended() }
            service.metrics.unrecorded.unlabelled.increment()
            return forward(to: upstream, key: key)
        }
        service.metrics.refused["unavailable"].increment()
        noteFailure()
        log.warning("a call could not be recorded", ["call": callID, "error": "\(error)"], onceEvery: 10)
        end(
            with: .unavailable("The ledger cannot record calls now; nothing was sent. Try again in a moment.")
        )
    }

    private func refuse(_ event: CallRejected) {
        var headers: HTTPHeaders = ["x-should-retry": "false"]
        if let retryAt = event.limit.retryAt {
            let microseconds = retryAt.microseconds - admittedAt.microseconds
            headers.add("retry-after", String(max((microseconds + 999_999) / 1_000_000, 1)))
        }
        end(with: .quotaExceeded(QuotaMessage.text(event)), headers: headers)
    }

    // MARK: Forward

    private func forward(to upstream: ProxyConfiguration.Upstream, key: String) {
        var body = exchange.body
        if route.kind == .chatCompletions, request.isStreamed, !request.isUsageAsked,
            let spliced = service.askingForUsage(body)
        {
            body = spliced
            answer.filter = IncludeUsageFilter(parser: service.parser)
        }
        let outgoing = HTTPClientRequest(
            method: exchange.head.method,
            url: upstream.address(of: UpstreamTarget.of(exchange.head, provider: route.provider)),
            headers: UpstreamHeaders.request(exchange.head, provider: route.provider, key: key), body: body,
            idleTimeoutMilliseconds: service.configuration.upstreamIdleTimeoutMilliseconds,
            totalTimeoutMilliseconds: service.configuration.upstreamTotalTimeoutMilliseconds)
        sentNanoseconds = service.ledger.configuration.monotonicNanoseconds()
        exchange.onDrain = { [weak self] in self?.transfer?.resume() }
        transfer = service.client.send(
            outgoing,
            HTTPTransferHandlers(
                onHead: { self.headArrived($0) }, onBody: { self.bytesArrived($0) },
                onComplete: { self.upstreamEnded($0) }))
    }

    private func headArrived(_ head: HTTPResponseHead) {
        service.metrics.firstByte[route.provider.rawValue].observe(nanoseconds: nanosecondsSinceSent)
        let isStream = head.headers["content-type"]?.lowercased().hasPrefix("text/event-stream") ?? false
        reader = UsageReader(api: route.kind, streamed: isStream, parser: service.parser)
        answer.begin(head, isStream: isStream, remaining: remaining)
    }

    private func bytesArrived(_ bytes: UnsafeRawBufferPointer) -> HTTPTransfer.Flow {
        reader?.feed(bytes)
        // The end of a stream waits until the call is settled: whoever has seen it can rely on the record.
        if isRecorded, answer.isStream, !isSettling, reader?.sawLastEvent == true {
            answer.holdBack()
            settle(.complete)
        }
        return answer.write(bytes) || isClientGone ? .proceed : .pause
    }

    private func upstreamEnded(_ result: Result<Void, HTTPClientError>) {
        transfer = nil
        service.metrics.upstreamDuration[route.provider.rawValue].observe(nanoseconds: nanosecondsSinceSent)
        answer.upstreamEnded(result)
        guard !isSettling else { return answer.finishIfReleased { self.ended() } }
        switch result {
        case .success: settle(.complete)
        case .failure(let error):
            log.warning(
                "a provider gave no whole answer",
                ["call": callID, "provider": route.provider.rawValue, "error": error.reason], onceEvery: 10)
            let wasSent = error.requestMayHaveBeenProcessed
            if answer.status == 0 { answer.failure = UpstreamFailure.answer(to: error) }
            settle(wasSent ? .broken : .notSent)
        }
    }

    private var nanosecondsSinceSent: Int64 {
        Int64(clamping: service.ledger.configuration.monotonicNanoseconds() - sentNanoseconds)
    }

    // MARK: Settle

    private func settle(_ ending: Settlement.Ending) {
        isSettling = true
        guard isRecorded else { return release(nil) }
        var reading = reader?.finish() ?? UsageReading()
        reading.responseID = reading.responseID ?? route.answerID
        let settlement = Settlement(
            call: identity, reserved: reserved, reservedTokens: reservedTokens,
            unpricedReserve: service.admission(at: admittedAt).unpricedReserve, prices: service.ledger.prices,
            time: admittedAt, billing: route.billing, tellsUsage: route.tellsUsage,
            offersUnpricedTools: request.hasUnpricedTools)
        let elapsed = service.ledger.configuration.monotonicNanoseconds() - exchange.startedNanoseconds
        let event = settlement.event(
            status: answer.status, ending: ending, reading: reading, isClientGone: isClientGone,
            durationMilliseconds: Int64(elapsed / 1_000_000), prompt: prompt)
        if event.result != .ok || exchange.isInputEnded { noteFailure() }
        record(event, triesLeft: ProxyService.settleTriesMax)
    }

    private func record(_ event: CallSettled, triesLeft: Int) {
        submit(.settle(event)) { call, result in
            switch result {
            case .success(let receipt): call.release(receipt)
            case .failure(.rejected), .failure(.closed): call.giveUp()
            case .failure where triesLeft > 0:
                // The client is told at once; the figures are not lost while the process lives.
                call.answer.refuse(.unavailable("The answer could not be recorded."))
                _ = LoopTimer(on: call.service.loop, after: ProxyService.settleRetryMilliseconds) {
                    call.record(event, triesLeft: triesLeft - 1)
                }
            case .failure: call.giveUp()
            }
        }
    }

    private func release(_ receipt: Receipt?) {
        if case .callSettled(let event)? = receipt?.last?.event {
            service.metrics.genAI.observe(event)
            service.noteFamily(of: event)
            log.debug("a call is settled", ["call": callID, "result": event.result.rawValue])
            answer.cost = event.cost
            answer.position = receipt?.position
        }
        if let remaining = receipt?.remaining { answer.remaining = remaining }
        answer.release()
        answer.finishIfReleased { self.ended() }
    }

    /// The reservation stays open; the next start expires it at its reserved amount.
    private func giveUp() {
        log.error("the end of a call is not recorded", ["call": callID])
        answer.refuse(.unavailable("The answer could not be recorded."))
        ended()
    }

    // MARK: End

    private func clientLeft() {
        isClientGone = true
        answer.isClientGone = true
        noteFailure()
        guard let transfer else { return }
        transfer.resume()
        drainTimer = LoopTimer(on: service.loop, after: service.configuration.drainTimeoutMilliseconds) {
            [weak self] in self?.transfer?.cancel()
        }
    }

    /// Expects another try where the client sends no more, and so has perhaps given up waiting.
    func noteIfAbandoned() { if exchange.isInputEnded { noteFailure() } }

    /// Expects another try, once, of a request whose first call is in the journal.
    private func noteFailure() {
        let own = answer.position == nil ? nil : identity.callID
        guard !isNoted, let first = identity.retry?.first ?? own else { return }
        isNoted = true
        service.noteFailure(exchange, identity, first: first)
    }

    /// Ends the wait for the provider: the call settles with what is known.
    func cancel() { transfer?.cancel() }

    private func end(with failure: ProviderFailure, headers: HTTPHeaders = [:]) {
        service.respond(failure, provider: route.provider, on: exchange, headers: headers)
        ended()
    }

    private func ended() {
        drainTimer?.cancel()
        drainTimer = nil
        exchange.onDisconnect = nil
        exchange.onDrain = nil
        service.calls[identity.callID] = nil
        service.callEnded()
    }
}
