import Terminal

/// `dledger help [COMMAND|config]`.
enum HelpCommand {
    static let description = CommandDescription(
        name: "help", summary: "Explains a command, or the configuration.", usage: "help [COMMAND|config]",
        options: [],
        run: { run($0, $1) })

    static func run(_ words: [String], _ environment: Environment) -> Int32 {
        guard let topic = words.first else {
            Terminal.write(overview)
            return ExitCode.done
        }
        if topic == "config" {
            Terminal.write(Settings.table)
            return ExitCode.done
        }
        guard let command = CommandLineTool.commands.first(where: { $0.name == topic }) else {
            Terminal.complain("there is no command \"\(topic)\"; `dledger help` lists them")
            return ExitCode.usage
        }
        Terminal.write(command.help)
        return ExitCode.done
    }

    static var overview: String {
        var text = """
            dledger — the event-sourced ledger for AI-agent platforms

            Usage: dledger COMMAND [options]

            Commands:

            """
        let width = CommandLineTool.commands.map(\.name.count).max() ?? 0
        for command in CommandLineTool.commands {
            let gap = String(repeating: " ", count: width - command.name.count)
            text += "  \(command.name)\(gap)  \(command.summary)\n"
        }
        text += """

            `dledger COMMAND --help` explains one; `dledger help config` lists the environment variables.
            Exit codes: 0 done, 1 a check failed, 64 bad usage, 65 bad data, 69 a service is unavailable, 73 cannot write.

            """
        return text
    }
}
