import HTTP
package import HTTPClient
import JSON
import LedgerCore

/// Answers by one streamed call of the Messages API, through the Proxy.
///
/// It remembers each conversation, within limits. What it used is the Proxy's to tell, so that its ends never
/// carry a usage.
package final class MessagesKernel: Kernel {
    /// `messages`.
    package let kind = "messages"
    /// The Proxy is all that it talks to.
    package let isAlwaysProxied = true
    /// Tokens of one answer at most.
    package static let outputTokensMax = 4096

    private let client: HTTPClient
    private let model: String
    private let limits: KernelLimits
    private let parser = JSONParser()
    private var history: ConversationHistory

    /// Creates the kernel; `model` answers when a dispatch names none.
    package init(
        client: HTTPClient, model: String, limits: KernelLimits = KernelLimits(),
        history: ConversationHistory = ConversationHistory()
    ) {
        self.client = client
        self.model = model
        self.limits = limits
        self.history = history
    }

    /// Sends the call.
    package func start(_ task: KernelTask, _ handlers: KernelHandlers) -> any KernelRun {
        let run = MessagesRun(limits: limits, parser: parser, handlers) { [weak self] answer in
            self?.history.remember(
                user: task.user.text, sessionID: task.sessionID, question: task.text, answer: answer)
        }
        run.start(on: client, request(for: task))
        return run
    }

    private func request(for task: KernelTask) -> HTTPClientRequest {
        var headers: HTTPHeaders = [
            "content-type": "application/json", "accept": "text/event-stream",
            "anthropic-version": "2023-06-01",
        ]
        headers.add("x-api-key", task.key)
        for link in KernelHeaders.links(of: task) { headers.add(link.name, link.value) }
        return HTTPClientRequest(
            method: "POST", url: task.proxyURL + "/v1/messages", headers: headers, body: body(for: task),
            idleTimeoutMilliseconds: Int(clamping: limits.idleTimeoutMilliseconds),
            totalTimeoutMilliseconds: 0)
    }

    private func body(for task: KernelTask) -> [UInt8] {
        JSONText.object { text in
            text.member("model", task.model ?? model)
            text.member("max_tokens", Self.outputTokensMax)
            text.member("stream", true)
            text.key("messages")
            text.array { messages in
                for turn in history.turns(user: task.user.text, sessionID: task.sessionID) {
                    Self.message("user", turn.question, &messages)
                    Self.message("assistant", turn.answer, &messages)
                }
                Self.message("user", task.text, &messages)
            }
        }
    }

    private static func message(_ role: String, _ content: String, _ text: inout JSONText) {
        text.object {
            $0.member("role", role)
            $0.member("content", content)
        }
    }
}

/// One call.
private final class MessagesRun: KernelRun {
    private let limits: KernelLimits
    private let parser: JSONParser
    private var handlers: KernelHandlers?
    private let remember: (String) -> Void
    private var transfer: HTTPTransfer?
    private var reader: MessagesReader
    private var refusal: HTTPRefusal?
    private var bytes = 0
    private var answer = ""
    private var failure: KernelFailure?

    init(
        limits: KernelLimits, parser: JSONParser, _ handlers: KernelHandlers,
        remember: @escaping (String) -> Void
    ) {
        self.limits = limits
        self.parser = parser
        self.handlers = handlers
        self.remember = remember
        reader = MessagesReader(limits: limits, parser: parser)
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

    private func take(_ piece: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        guard refusal == nil else {
            refusal?.take(piece)
            return
        }
        bytes += piece.count
        guard bytes <= limits.outputBytesMax else {
            return stop(.init(.flood, "The model's answer is larger than \(limits.outputBytesMax) bytes."))
        }
        do throws(KernelFailure) {
            try reader.take(piece) { tell($0) }
        } catch {
            stop(error)
        }
    }

    private func tell(_ event: KernelEvent) {
        if case .text(let text) = event { answer += text }
        handlers?.onEvent(event)
    }

    private func ended(_ result: Result<Void, HTTPClientError>) {
        let failure = reader.isComplete ? nil : self.failure ?? failure(of: result)
        if failure == nil { remember(answer) }
        let end = KernelEnd(failure: failure, providerRequestID: reader.messageID)
        transfer = nil
        let handlers = handlers
        self.handlers = nil
        handlers?.onEnd(end)
    }

    private func failure(of result: Result<Void, HTTPClientError>) -> KernelFailure {
        if let refusal { return refusal.failure(from: "The model API", parser: parser) }
        if case .failure(let error) = result { return KernelFailure(error, reaching: "The Proxy") }
        return KernelFailure(.connection, "The model's answer broke off before its end.")
    }
}
