package import Service

/// `GET /admin` and what it loads, carried by the binary; Chart.js comes from the machine.
///
/// The page itself is for everybody: what it shows it asks for with the administrator's token.
package struct AdminPage {
    private let files: [PageFile]

    /// Hashes the files; without Chart.js the page says that it has no charts.
    package init(chartScript: [UInt8]?) {
        files = [
            PageFile("/admin", .page, EmbeddedAdmin.page),
            PageFile("/admin/admin.css", .style, EmbeddedAdmin.style),
            PageFile("/admin/admin.js", .script, EmbeddedAdmin.script),
            PageFile(
                "/admin/chart.js", .script, chartScript ?? Array("// Chart.js is not installed.\n".utf8)),
            PageFile("/admin/icon.svg", .icon, EmbeddedAdmin.icon),
        ]
    }

    /// Adds the routes to `shell`.
    package func register(on shell: ServiceShell) { for file in files { file.register(on: shell) } }
}
