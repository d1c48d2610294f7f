package import EventLoop
package import HTTP
package import Lifecycle
import Threads

/// A stand-in for the providers: answers Messages, Chat Completions, Responses and Embeddings with canned
/// text.
///
/// An answer follows from its request alone. `x-simulate-` request fields make it slow, large, different or
/// wrong. What was served is written down, one line a call, by the simulator itself.
// SAFETY: after `start` the server and the desk are used on the loop's thread only; `stop` reaches them by
// `post`.
package final class UpstreamSimulator: @unchecked Sendable {
    /// The port that the first `listen` bound; 0 before.
    package private(set) var port = 0
    private let loop: EventLoop
    private let server: HTTPServer
    private let desk: AnswerDesk

    /// Creates a simulator that does not listen yet.
    ///
    /// - Parameters:
    ///   - loop: the loop that will own its sockets.
    ///   - path: the file that a line is appended to for each call; nil records nothing.
    ///   - clock: tells the time of a call.
    ///   - random: makes identifiers unlike those of other runs.
    /// - Throws: ``SimulatorError/record(_:)`` when the file cannot be written.
    package init(
        loop: EventLoop, log path: String?, clock: Clock = .system, random: RandomSource = .system
    ) throws(SimulatorError) {
        var log: CallLog?
        if let path { log = try CallLog(path: path) }
        let desk = AnswerDesk(loop: loop, log: log, clock: clock, random: random)
        self.loop = loop
        self.desk = desk
        server = HTTPServer(loop: loop) { desk.handle($0) }
    }

    /// Makes a simulator with a loop of its own, listening and running.
    ///
    /// - Parameters:
    ///   - host: the address to listen at.
    ///   - port: 0 takes a free one; see ``port``.
    ///   - path: the file for the record of calls; nil records nothing.
    /// - Returns: the running simulator.
    /// - Throws: ``SimulatorError``, which says what is missing.
    package static func start(
        host: String = "127.0.0.1", port: Int, log path: String?
    ) throws(SimulatorError) -> UpstreamSimulator {
        let loop: EventLoop
        do throws(EventLoopError) { loop = try EventLoop() } catch { throw .loop(error) }
        let simulator = try UpstreamSimulator(loop: loop, log: path)
        _ = try simulator.listen(host: host, port: port)
        do throws(ThreadError) { try loop.start(named: "simulator") } catch { throw .thread(error) }
        return simulator
    }

    /// Listens; before the loop runs, or on its thread.
    ///
    /// - Returns: the port.
    package func listen(host: String = "127.0.0.1", port: Int) throws(SimulatorError) -> Int {
        do throws(HTTPServerError) {
            let bound = try server.listen(host: host, port: port)
            if self.port == 0 { self.port = bound }
            return bound
        } catch {
            throw .listen(error)
        }
    }

    /// Answers an exchange, wherever it comes from; on the loop's thread.
    package func handle(_ exchange: HTTPExchange) { desk.handle(exchange) }

    /// Lets open calls end, cuts those that take longer, and ends the loop; not from its thread.
    package func stop(withinMilliseconds milliseconds: UInt64 = 2_000) {
        let isDrained = Semaphore()
        loop.post { [self] in
            server.drain(withinMilliseconds: milliseconds) { isDrained.signal() }
        }
        isDrained.wait()
        loop.stop()
    }
}
