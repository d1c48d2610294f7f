import HTTP
import HTTPClient
import JSON

/// The engine's events as they come, a line of JSON each.
///
/// Loop thread only. A quiet stream is a good one: it has no limit of time.
final class EventStream: EngineSubscription {
    /// What one event may have.
    static let lineBytesMax = 1 << 20

    private let onEvent: (EngineEvent) -> Void
    private var onEnd: ((EngineError?) -> Void)?
    private let parser = JSONParser()
    private var lines = LineSplitter(lineBytesMax: lineBytesMax)
    private var head: HTTPResponseHead?
    private var refusal: [UInt8] = []
    private var failure: EngineError?
    private var transfer: HTTPTransfer?

    init(onEvent: @escaping (EngineEvent) -> Void, onEnd: @escaping (EngineError?) -> Void) {
        self.onEvent = onEvent
        self.onEnd = onEnd
    }

    func cancel() {
        onEnd = nil
        transfer?.cancel()
    }

    /// Ends it before it began.
    func fail(_ error: EngineError) {
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?(error)
    }

    /// Sends `request`, unless it is cancelled already; `onFailure` sees why the stream broke off.
    func open(
        on client: HTTPClient, _ request: HTTPClientRequest, onFailure: @escaping (EngineError) -> Void
    ) {
        guard onEnd != nil else { return }
        transfer = client.send(
            request,
            HTTPTransferHandlers(
                onHead: { self.head = $0 },
                onBody: { bytes in
                    self.take(bytes)
                    return .proceed
                },
                onComplete: { self.ended($0, onFailure) }))
    }

    private var isRefused: Bool { head?.status != 200 }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil, onEnd != nil else { return }
        guard !isRefused else {
            refusal.append(contentsOf: bytes.prefix(max(4096 - refusal.count, 0)))
            return
        }
        let isShort = lines.feed(bytes) { take(line: $0) }
        if !isShort { stop(.malformed("an event of more than \(Self.lineBytesMax) bytes")) }
    }

    private func take(line: UnsafeRawBufferPointer) {
        guard failure == nil, onEnd != nil, line.contains(where: { $0 > UInt8(ascii: " ") }) else { return }
        do throws(EngineError) {
            if let event = try EngineEvent.parse(line, parser) { onEvent(event) }
        } catch {
            stop(error)
        }
    }

    private func stop(_ error: EngineError) {
        failure = error
        transfer?.cancel()
    }

    private func ended(_ result: Result<Void, HTTPClientError>, _ onFailure: (EngineError) -> Void) {
        transfer = nil
        let onEnd = onEnd
        self.onEnd = nil
        let error = reason(result)
        if let error { onFailure(error) }
        onEnd?(error)
    }

    /// Why it ended; nil: the engine ended it.
    private func reason(_ result: Result<Void, HTTPClientError>) -> EngineError? {
        if let failure { return failure }
        if case .failure(let error) = result { return EngineError(error) }
        guard let head, isRefused else { return nil }
        return EngineError(status: head.status, body: refusal)
    }
}
