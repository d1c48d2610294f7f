import Lifecycle
import Terminal

/// `dledger serve [gateway] [proxy] [platform]`.
enum ServeCommand {
    static let description = CommandDescription(
        name: "serve", summary: "Runs the services: all three, or those named, in one process.",
        usage: "serve [gateway] [proxy] [platform]", options: [],
        run: { words, environment throws(CommandFailure) in
            try run(words, environment)
        })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let services = try ServiceName.take(from: &arguments)
        try arguments.end()
        // Signals are blocked here, before any thread starts, so that only the wait below sees them.
        let signals = Signals()
        let settings = try Settings(environment)
        let house = try House(settings, services: services, environment)
        try house.start()
        var signal = signals.wait()
        while !signal.stops { signal = signals.wait() }
        return house.stop(signals)
    }
}

/// The services that one process can run.
enum ServiceName: String, CaseIterable {
    case gateway, proxy, platform

    /// Takes the services that a command line names; all, when it names none.
    static func take(from arguments: inout Arguments) throws(CommandFailure) -> Set<ServiceName> {
        var services: Set<ServiceName> = []
        while let word = arguments.word() {
            guard let service = ServiceName(rawValue: word) else {
                throw CommandFailure(
                    ExitCode.usage, "there is no service \"\(word)\": gateway, proxy, platform")
            }
            services.insert(service)
        }
        return services.isEmpty ? Set(allCases) : services
    }
}
