package import Service

/// `GET /` and what it loads: the web shell, carried by the binary.
package struct ShellPage {
    private let files = [
        PageFile("/", .page, EmbeddedShell.page),
        PageFile("/shell.css", .style, EmbeddedShell.style),
        PageFile("/shell.js", .script, EmbeddedShell.script),
        PageFile("/icon.svg", .icon, EmbeddedShell.icon),
    ]

    /// Hashes the files.
    package init() {}

    /// Adds the routes to `shell`.
    package func register(on shell: ServiceShell) { for file in files { file.register(on: shell) } }
}
