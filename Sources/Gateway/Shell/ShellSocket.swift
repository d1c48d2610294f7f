import JSON
import LedgerCore
import WebSocket

/// One shell: messages in, and what becomes of them out.
///
/// Loop thread only. It ends with its WebSocket, and its runs with it.
final class ShellSocket {
    let user: UserID
    private let webSocket: WebSocket
    private let hub: ShellHub
    private var runs: [UniqueID: ShellRun] = [:]
    private var badMessages = 0

    init(_ webSocket: WebSocket, _ user: UserID, of hub: ShellHub) {
        self.webSocket = webSocket
        self.user = user
        self.hub = hub
    }

    /// Says hello and begins to listen.
    func start() {
        send(ShellMessage.ready(user, hub.source.today(user), alerts: hub.source.firingAlerts()))
        webSocket.start(
            onText: { self.received($0) }, onClose: { _, wasSlow in self.closed(wasSlow: wasSlow) })
    }

    func send(_ message: [UInt8]) { webSocket.send(message) }

    func close(_ code: WebSocketCloseCode) { webSocket.close(code) }

    private func received(_ text: String) {
        do throws(ShellCommandError) {
            let limit = hub.configuration.textBytesMax
            switch try ShellCommand(text, parser: hub.parser, textBytesMax: limit) {
            case .message(let text, let sessionID, let model, let tag):
                submit(text, sessionID, model, tag)
            case .abort(let id): runs[id]?.handle.abort()
            case .ping: send(ShellMessage.pong)
            }
        } catch {
            badMessages += 1
            send(ShellMessage.error(tag: error.tag, code: "bad_message", message: error.message))
            if badMessages > hub.configuration.badMessagesMax { close(.policyViolation) }
        }
    }

    private func submit(_ text: String, _ sessionID: String?, _ model: String?, _ tag: String?) {
        guard runs.count < hub.configuration.runsPerSocketMax else {
            let message = "\(runs.count) messages are under way here; wait for one of them, or stop it."
            return send(ShellMessage.error(tag: tag, code: "too_many_runs", message: message, retryAfter: 5))
        }
        // Named once the desk has answered; the handlers come later.
        var dispatchID: UniqueID?
        let request = DispatchRequest(
            user: user, source: "web", sessionID: sessionID, text: text, model: model)
        let handle = hub.desk.submit(
            request,
            DispatchHandlers(
                onEvent: { [weak self] event in self?.happened(event, in: dispatchID) },
                onEnd: { [weak self] outcome in self?.ended(outcome, dispatchID) }))
        dispatchID = handle.dispatchID
        let run = ShellRun(handle: handle, tag: tag)
        runs[handle.dispatchID] = run
        send(ShellMessage.queued(run))
    }

    private func happened(_ event: DispatchProgress, in dispatchID: UniqueID?) {
        guard let dispatchID, let run = runs[dispatchID] else { return }
        send(ShellMessage.progress(run, event))
    }

    private func ended(_ outcome: DispatchOutcome, _ dispatchID: UniqueID?) {
        guard let dispatchID, let run = runs.removeValue(forKey: dispatchID) else { return }
        switch outcome {
        case .completed(let completed, let text, let message):
            if completed.result != .ok {
                let code = completed.reason ?? completed.result.rawValue
                send(ShellMessage.error(run, code: code, message: message ?? "The run has failed."))
            }
            let today = hub.source.today(user)
            send(ShellMessage.result(run, completed, text: text, message: message, today))
        case .refused(let refused):
            send(
                ShellMessage.error(
                    run, code: refused.code, message: refused.message,
                    retryAfter: refused.retryAfterSeconds))
        }
    }

    private func closed(wasSlow: Bool) {
        hub.forget(self, wasSlow: wasSlow)
        let left = runs
        runs = [:]
        for run in left.values { run.handle.abort() }
    }
}

/// A run that a shell has asked for.
struct ShellRun {
    let handle: any DispatchHandle
    /// The shell's own name for it.
    let tag: String?

    var dispatchID: UniqueID { handle.dispatchID }
    var sessionID: String { handle.sessionID }
}
