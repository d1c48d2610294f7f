package import HTTPClient

/// Which kernel runs agents, as `LEDGER_KERNEL` says.
package enum KernelSpec: Hashable, Sendable {
    /// `command:PROGRAM ARGUMENTS…`
    case command([String])
    /// `messages:MODEL`
    case messages(model: String)
    /// `http:URL`, or the URL itself.
    case http(url: String)

    /// Reads a specification.
    ///
    /// - Throws: ``KernelSpecError``, in words for whoever wrote it.
    package init(_ text: String) throws(KernelSpecError) {
        if let url = Self.url(in: text) {
            self = .http(url: try Self.checked(url))
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw KernelSpecError("is no kernel", text) }
        switch parts[0] {
        case "command":
            guard let words = CommandWords.split(String(parts[1])) else {
                throw KernelSpecError("leaves a quote open, or ends in a backslash", text)
            }
            guard let program = words.first, !program.isEmpty else {
                throw KernelSpecError("names no program", text)
            }
            self = .command(words)
        case "messages":
            let model = parts[1].drop { $0.isWhitespace }
            guard !model.isEmpty, !model.contains(where: \.isWhitespace) else {
                throw KernelSpecError("names no model", text)
            }
            self = .messages(model: String(model))
        case "http": throw KernelSpecError("has no http:// or https:// URL", text)
        default: throw KernelSpecError("is no kernel", text)
        }
    }

    /// Makes the kernel on `client`'s loop.
    ///
    /// - Parameters:
    ///   - client: reaches the Proxy, or the kernel itself.
    ///   - inherited: the house's environment; ``KernelEnvironment`` passes on a few variables of it.
    ///   - workingDirectory: where a `command:` runs.
    ///   - limits: how much a kernel may say, and how long it may be silent.
    /// - Returns: the kernel.
    package func makeKernel(
        client: HTTPClient, inherited: [String: String], workingDirectory: String?,
        limits: KernelLimits = KernelLimits()
    ) -> any Kernel {
        switch self {
        case .command(let words):
            CommandKernel(
                on: client.loop, command: words, inherited: inherited, workingDirectory: workingDirectory,
                limits: limits)
        case .messages(let model): MessagesKernel(client: client, model: model, limits: limits)
        case .http(let url): HTTPKernel(client: client, url: url, limits: limits)
        }
    }

    /// The URL in `http:http://…`, `http:https://…` or `http(s)://…`.
    private static func url(in text: String) -> Substring? {
        for prefix in ["http:http://", "http:https://"] where text.hasPrefix(prefix) {
            return text.dropFirst("http:".count)
        }
        return text.hasPrefix("http://") || text.hasPrefix("https://") ? text[...] : nil
    }

    private static func checked(_ url: Substring) throws(KernelSpecError) -> String {
        let rest = url.drop { $0 != "/" }.dropFirst(2)
        let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !host.isEmpty, !host.hasPrefix(":"),
            url.allSatisfy({ $0.isASCII && $0 > " " && $0 != "\u{7F}" })
        else {
            throw KernelSpecError("has a URL without a host, or with characters to be escaped", String(url))
        }
        guard !host.contains("@") else {
            throw KernelSpecError("has a password in its URL", "http:…")
        }
        return String(url)
    }
}

/// Why a kernel's specification is none.
package struct KernelSpecError: Error, Hashable, Sendable {
    /// What is wrong and what is allowed.
    package let message: String

    init(_ what: String, _ text: String) {
        message =
            "\"\(KernelWords.cleaned(text))\" \(what); allowed: command:PROGRAM ARGUMENTS…, messages:MODEL, http:URL"
    }
}
