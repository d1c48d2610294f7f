import Access
import LedgerCore
import Proxy
import Terminal

/// `dledger keys mint USER`.
enum KeysCommand {
    static let description = CommandDescription(
        name: "keys", summary: "Mints a user's key for the Proxy.", usage: "keys mint USER", options: [],
        run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        guard arguments.word() == "mint", let name = arguments.word() else {
            throw CommandFailure(ExitCode.usage, "usage: dledger keys mint USER")
        }
        try arguments.end()
        guard let user = UserID(name) else {
            throw CommandFailure(
                ExitCode.usage,
                "\"\(name)\" is no user's name: 1 to 128 of A–Z a–z 0–9 . _ @ : + -, not starting with _")
        }
        let secret = try ProxySource.keySecret(environment)
        Terminal.write(ProxyKey.mint(for: user, secret: Array(secret.utf8)) + "\n")
        return ExitCode.done
    }
}
