import Terminal

/// The commands of `dledger` and how one is chosen.
enum CommandLineTool {
    /// Runs the command that `arguments` name; returns the exit code.
    static func run(arguments: [String], environment: Environment) -> Int32 {
        var words = arguments[...]
        guard let name = words.popFirst() else {
            Terminal.write(HelpCommand.overview)
            return ExitCode.usage
        }
        if ["--help", "-h"].contains(name) { return HelpCommand.run([], environment) }
        if ["--version", "version"].contains(name) {
            Terminal.write("dledger \(Build.version)\n")
            return ExitCode.done
        }
        guard let command = commands.first(where: { $0.name == name }) else {
            Terminal.complain("there is no command \"\(name)\"; `dledger help` lists them")
            return ExitCode.usage
        }
        if words.contains("--help") || words.contains("-h") {
            Terminal.write(command.help)
            return ExitCode.done
        }
        do throws(CommandFailure) { return try command.run(Array(words), environment) } catch {
            Terminal.complain(error.message)
            return error.code
        }
    }

    /// Every command, in the order in which help lists them.
    static let commands: [CommandDescription] = [
        ServeCommand.description, HealthCommand.description, MigrateCommand.description,
        UsageCommand.description, TailCommand.description,
        ExportCommand.description, ReconcileCommand.description, VerifyCommand.description,
        ReplayCommand.description,
        RerateCommand.description,
        RebuildCommand.description,
        BackupCommand.description, RestoreCommand.description,
        KeysCommand.description, QuotaCommand.description, PricesCommand.description,
        SimulateCommand.description, HelpCommand.description,
    ]
}

/// One command: its name, its help and what it does.
struct CommandDescription: Sendable {
    let name: String
    let summary: String
    let usage: String
    let options: [(String, String)]
    let run: @Sendable ([String], Environment) throws(CommandFailure) -> Int32

    /// The text of `--help`.
    var help: String {
        var text = "\(summary)\n\nUsage: dledger \(usage)\n"
        guard !options.isEmpty else { return text }
        let width = options.map(\.0.count).max() ?? 0
        text += "\nOptions:\n"
        for (option, meaning) in options {
            text += "  \(option)\(String(repeating: " ", count: width - option.count))  \(meaning)\n"
        }
        return text
    }
}

/// Why a command ended early, for a person, and its exit code.
struct CommandFailure: Error {
    let code: Int32
    let message: String

    init(_ code: Int32, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// Exit codes, the same for every command.
enum ExitCode {
    static let done: Int32 = 0
    static let checkFailed: Int32 = 1
    static let usage: Int32 = 64
    static let badData: Int32 = 65
    static let unavailable: Int32 = 69
    static let cannotWrite: Int32 = 73
}
