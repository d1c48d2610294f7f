import Lifecycle
import Simulator
import Terminal

/// `dledger simulate-upstream [--port P] [--log FILE]`.
enum SimulateCommand {
    static let description = CommandDescription(
        name: "simulate-upstream",
        summary: "Answers in the providers' place: a simulator for development, it calls no model.",
        usage: "simulate-upstream [--port P] [--log FILE]",
        options: [
            ("--port P", "listen there on 127.0.0.1 (default: 8090)"),
            ("--log FILE", "append one JSON line for each call served, with its true usage"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let port = try arguments.option("--port") ?? "8090"
        let log = try arguments.option("--log")
        try arguments.end()
        guard let port = Int(port), (0...65535).contains(port) else {
            throw CommandFailure(ExitCode.usage, "--port is \"\(port)\"; allowed: 0 to 65535")
        }
        let signals = Signals()
        do throws(SimulatorError) {
            let simulator = try UpstreamSimulator.start(port: port, log: log)
            Terminal.note("simulator: no model is called; listening on http://127.0.0.1:\(simulator.port)")
            var signal = signals.wait()
            while !signal.stops { signal = signals.wait() }
            simulator.stop()
            return ExitCode.done
        } catch { throw CommandFailure(ExitCode.unavailable, "\(error)") }
    }
}
