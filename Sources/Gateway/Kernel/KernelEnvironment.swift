import HTTP
import LedgerCore

/// The environment of a kernel's process: what its agent needs, and no secret but the user's own key.
package enum KernelEnvironment {
    /// What is passed on from the house's own environment, besides `KERNEL_…`.
    package static let inheritedNames: Set<String> = [
        "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE",
    ]

    /// The variables for `task`.
    package static func variables(for task: KernelTask, inherited: [String: String]) -> [String: String] {
        var variables = inherited.filter { inheritedNames.contains($0.key) || $0.key.hasPrefix("KERNEL_") }
        variables["ANTHROPIC_BASE_URL"] = task.proxyURL
        variables["ANTHROPIC_API_KEY"] = task.key
        variables["OPENAI_BASE_URL"] = task.proxyURL + "/v1"
        variables["OPENAI_API_KEY"] = task.key
        variables["DISPATCH_ID"] = task.dispatchID.text
        variables["DISPATCH_SESSION_ID"] = task.sessionID
        variables["DISPATCH_USER"] = task.user.text
        if let model = task.model {
            variables["DISPATCH_MODEL"] = model
            variables["ANTHROPIC_MODEL"] = model
        }
        variables["TRACEPARENT"] = task.trace?.text
        // Claude Code adds these to each of its calls.
        variables["ANTHROPIC_CUSTOM_HEADERS"] = KernelHeaders.links(of: task)
            .map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        return variables
    }
}

/// The request headers that tell the Proxy which run, and which trace, a call belongs to.
enum KernelHeaders {
    /// Names and values; a session's name that cannot stand in a header is left out.
    static func links(of task: KernelTask) -> [(name: String, value: String)] {
        var links = [(name: "x-dispatch-id", value: task.dispatchID.text)]
        if !task.sessionID.isEmpty, task.sessionID.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            links.append((name: "x-session-id", value: task.sessionID))
        }
        if let trace = task.trace { links.append((name: "traceparent", value: trace.text)) }
        return links
    }
}
