import EventLoop
import HTTP
package import HTTPClient
import JSON
import LedgerCore
import Wire

/// Asks an agent that listens elsewhere: a POST, answered by the records of stream-json as server-sent
/// events.
package final class HTTPKernel: Kernel {
    /// `http`.
    package let kind = "http"

    private let client: HTTPClient
    private let url: String
    private let limits: KernelLimits
    private let parser = JSONParser()

    /// Creates the kernel that listens at `url`.
    package init(client: HTTPClient, url: String, limits: KernelLimits = KernelLimits()) {
        self.client = client
        self.url = url
        self.limits = limits
    }

    /// Sends the task.
    package func start(_ task: KernelTask, _ handlers: KernelHandlers) -> any KernelRun {
        let run = HTTPKernelRun(on: client.loop, limits: limits, parser: parser, handlers)
        run.start(on: client, request(for: task))
        return run
    }

    private func request(for task: KernelTask) -> HTTPClientRequest {
        var headers: HTTPHeaders = ["content-type": "application/json", "accept": "text/event-stream"]
        for link in KernelHeaders.links(of: task) { headers.add(link.name, link.value) }
        let body = JSONText.object { text in
            text.member("dispatchId", task.dispatchID.text)
            text.member("sessionId", task.sessionID)
            text.member("user", task.user.text)
            text.member("text", task.text)
            if let model = task.model { text.member("model", model) }
            text.member("proxyUrl", task.proxyURL)
            text.member("key", task.key)
        }
        return HTTPClientRequest(
            method: "POST", url: url, headers: headers, body: body,
            idleTimeoutMilliseconds: Int(clamping: limits.idleTimeoutMilliseconds),
            totalTimeoutMilliseconds: 0)
    }
}

/// One request that serves one dispatch.
private final class HTTPKernelRun: KernelRun {
    private let loop: EventLoop
    private let limits: KernelLimits
    private let parser: JSONParser
    private var handlers: KernelHandlers?
    private var transfer: HTTPTransfer?
    private var events: SSEParser
    private var reader: StreamJSONReader
    private var refusal: HTTPRefusal?
    private var outputBytes = 0
    private var linger: SilenceWatch?
    /// Why it was ended from here.
    private var failure: KernelFailure?

    init(on loop: EventLoop, limits: KernelLimits, parser: JSONParser, _ handlers: KernelHandlers) {
        self.loop = loop
        self.limits = limits
        self.parser = parser
        self.handlers = handlers
        events = SSEParser(eventBytesMax: limits.recordBytesMax)
        reader = StreamJSONReader(parser: parser)
    }

    func start(on client: HTTPClient, _ request: HTTPClientRequest) {
        transfer = client.send(
            request,
            HTTPTransferHandlers(
                onHead: { self.refusal = HTTPRefusal($0, awaiting: "text/event-stream") },
                onBody: { bytes in
                    self.take(bytes)
                    return .proceed
                },
                onComplete: { self.ended($0) }))
    }

    func stop() { stop(.init(.stopped, "The run was stopped.")) }

    private func stop(_ failure: KernelFailure) {
        if self.failure == nil { self.failure = failure }
        transfer?.cancel()
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        linger?.touch()
        guard refusal == nil else {
            refusal?.take(bytes)
            return
        }
        outputBytes += bytes.count
        guard outputBytes <= limits.outputBytesMax else {
            return stop(.init(.flood, "The kernel sent more than \(limits.outputBytesMax) bytes."))
        }
        var parser = events
        parser.feed(bytes) { take($0) }
        events = parser
        guard reader.hasResult, linger == nil else { return }
        linger = SilenceWatch(on: loop, milliseconds: limits.lingerMilliseconds) { [weak self] in
            self?.transfer?.cancel()
        }
    }

    private func take(_ event: SSEEvent) {
        guard !event.isOversized else {
            return stop(
                .init(.flood, "The kernel sent a record of more than \(limits.recordBytesMax) bytes."))
        }
        guard event.hasData, failure == nil, !ByteSearch.equal(event.data, "[DONE]") else { return }
        do throws(KernelFailure) {
            try reader.take(event.data) { handlers?.onEvent($0) }
        } catch {
            if !reader.hasResult { stop(error) }
        }
    }

    private func ended(_ result: Result<Void, HTTPClientError>) {
        let isHalf = takeRemainder()
        linger?.cancel()
        let end = reader.end(withoutResult: failure ?? failure(of: result, isHalf: isHalf))
        transfer = nil
        let handlers = handlers
        self.handlers = nil
        handlers?.onEnd(end)
    }

    /// Takes what came after the last blank line; true when it is half a record.
    private func takeRemainder() -> Bool {
        guard refusal == nil, failure == nil else { return false }
        var isHalf = false
        var parser = events
        parser.finish { event in
            guard event.hasData, !ByteSearch.equal(event.data, "[DONE]") else { return }
            do throws(KernelFailure) {
                try reader.take(event.data) { handlers?.onEvent($0) }
            } catch {
                isHalf = true
            }
        }
        events = parser
        return isHalf
    }

    private func failure(of result: Result<Void, HTTPClientError>, isHalf: Bool) -> KernelFailure {
        if let refusal { return refusal.failure(from: "The kernel", parser: parser) }
        if case .failure(let error) = result { return KernelFailure(error, reaching: "The kernel") }
        if isHalf { return KernelFailure(.garbled, "The kernel's stream ended in the middle of a record.") }
        return KernelFailure(.exit, "The kernel's stream ended without a result.")
    }
}
