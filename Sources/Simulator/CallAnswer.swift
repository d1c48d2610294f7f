import EventLoop
import HTTP
import Lifecycle

/// One call being answered: waits, sends, goes wrong where it was asked to, and writes the record.
///
/// Loop thread only. The exchange's closures and the timer keep it alive until the answer has ended.
final class CallAnswer {
    private enum Ending { case inOrder, brokenOff, silence }
    /// A silent answer is broken off after this time.
    private static let silenceMilliseconds: UInt64 = 600_000
    private static let excessBytes = 100

    private let exchange: HTTPExchange
    private let call: SimulatedCall
    private let desk: AnswerDesk
    private var timer: LoopTimer?
    private var events: [StreamEvent] = []
    private var next = 0
    private var piecesSent = 0
    private var ending = Ending.inOrder
    private var isComplete = true
    private var isRecorded = false
    private var waitsForDrain = false

    /// Prepares the answer to `call`.
    init(_ call: SimulatedCall, on exchange: HTTPExchange, desk: AnswerDesk) {
        self.call = call
        self.exchange = exchange
        self.desk = desk
    }

    /// Answers, after the delay that was asked for.
    func begin() {
        let delay = call.controls.delayMilliseconds
        guard delay > 0 || call.isStreamed || call.controls.fault != nil else { return answer() }
        exchange.onDisconnect = { self.left() }
        guard delay > 0 else { return answer() }
        timer = LoopTimer(on: desk.loop, after: delay) { self.answer() }
    }

    private func answer() {
        timer = nil
        if let status = call.controls.status { return refuse(.simulated(status)) }
        if call.isStreamed { return stream() }
        if call.controls.fault == .hang {
            guard record(call.usage(afterPieces: 0), isComplete: false) else { return refuse(.noRecord) }
            return fallSilent()
        }
        respond(body)
    }

    private var body: [UInt8] {
        switch call.api {
        case .messages: MessagesAnswer.body(call)
        case .countTokens: MessagesAnswer.count(call)
        case .chatCompletions: ChatAnswer.body(call)
        case .responses: ResponsesAnswer(call).body()
        case .embeddings: EmbeddingsAnswer.body(call)
        }
    }

    /// Sends the answer in one piece.
    private func respond(_ body: [UInt8]) {
        let fault = call.controls.fault
        let cuts: [SimulationControls.Fault?] = [.resetMidStream, .badContentLength, .truncate]
        guard record(call.usage, isComplete: !cuts.contains(fault)) else { return refuse(.noRecord) }
        var headers = desk.headers(call.api.provider)
        let half = Array(body[..<(body.count / 2)])
        switch fault {
        case .resetMidStream, .badContentLength:
            let isWhole = fault == .badContentLength
            headers.add("content-length", "\(isWhole ? body.count + Self.excessBytes : body.count)")
            exchange.start(status: 200, headers: headers)
            _ = exchange.write(isWhole ? body : half)
            exchange.finish()  // Shorter than declared: broken off.
        case .truncate: exchange.respond(status: 200, headers: headers, body: half)
        default: exchange.respond(status: 200, headers: headers, body: body)
        }
    }

    /// Starts the answer in events.
    private func stream() {
        switch call.api {
        case .chatCompletions: events = ChatAnswer.events(call)
        case .responses:
            var answer = ResponsesAnswer(call)
            events = answer.streamed()
        case .messages, .countTokens, .embeddings: events = MessagesAnswer.events(call)
        }
        var headers = desk.headers(call.api.provider, isStreamed: true)
        damage(&headers)
        exchange.onDrain = { self.drained() }
        exchange.start(status: 200, headers: headers)
        let delay = call.controls.chunkDelayMilliseconds
        if delay > 0 {
            timer = LoopTimer(on: desk.loop, after: delay, repeating: delay) { self.sendMore() }
        }
        sendMore()
    }

    /// Changes the events to what the fault wants.
    private func damage(_ headers: inout HTTPHeaders) {
        guard let fault = call.controls.fault, fault != .noUsage else { return }
        isComplete = false
        let half = max(1, events.count / 2)
        switch fault {
        case .noUsage: break
        case .malformedSSE: for index in half..<events.count { events[index] = events[index].broken }
        case .badContentLength:
            let bytes = events.reduce(Self.excessBytes) { $0 + $1.bytes.count }
            headers.add("content-length", "\(bytes)")
        case .resetMidStream, .truncate, .hang, .errorMidStream:
            events.removeSubrange(half...)
            ending = fault == .resetMidStream ? .brokenOff : fault == .hang ? .silence : .inOrder
            if fault == .errorMidStream { events.append(failure(events.last?.piecesSent ?? 0)) }
        }
    }

    private func failure(_ piecesSent: Int) -> StreamEvent {
        switch call.api {
        case .chatCompletions: ChatAnswer.failure(piecesSent: piecesSent)
        case .responses: ResponsesAnswer.failure(piecesSent: piecesSent)
        case .messages, .countTokens, .embeddings: MessagesAnswer.failure(piecesSent: piecesSent)
        }
    }

    private func drained() {
        waitsForDrain = false
        if timer == nil { sendMore() }
    }

    /// Sends the next event, or without a delay between them all that the client takes.
    private func sendMore() {
        guard !waitsForDrain else { return }
        while next < events.count, !exchange.isEnded {
            let event = events[next]
            next += 1
            piecesSent = event.piecesSent
            if next == events.count {
                let usage = call.usage(afterPieces: piecesSent)
                guard record(usage, isComplete: isComplete) else { return exchange.abort() }
            }
            waitsForDrain = !exchange.write(event.bytes)
            if next < events.count, waitsForDrain || timer != nil { return }
        }
        end()
    }

    private func end() {
        timer?.cancel()
        timer = nil
        guard !exchange.isEnded else { return }
        exchange.onDrain = nil
        switch ending {
        case .inOrder: exchange.finish()
        case .brokenOff: exchange.abort()
        case .silence: fallSilent()
        }
    }

    private func fallSilent() {
        timer = LoopTimer(on: desk.loop, after: Self.silenceMilliseconds) { self.exchange.abort() }
    }

    /// The client has gone: what it was sent is all that was made.
    private func left() {
        timer?.cancel()
        timer = nil
        guard !isRecorded else { return }
        _ = record(
            call.usage(afterPieces: piecesSent), status: exchange.isStarted ? 200 : 499, isComplete: false)
    }

    private func refuse(_ refusal: ProviderRefusal) {
        if refusal != .noRecord {
            guard record(nil, status: refusal.status, isComplete: true) else { return refuse(.noRecord) }
        }
        desk.refuse(exchange, refusal, call.api.provider)
    }

    private func record(_ usage: SimulatedUsage?, status: Int = 200, isComplete: Bool) -> Bool {
        isRecorded = true
        return desk.record(call, usage, status: status, isComplete: isComplete)
    }
}
