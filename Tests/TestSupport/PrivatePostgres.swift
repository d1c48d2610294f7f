import Foundation
import Postgres

/// A real PostgreSQL server of this test process's own, on a unix socket in a temporary directory.
///
/// A shell owns the server and reads commands from this process; when this process ends, however it ends, the
/// shell reads the end of its input, stops the server and removes the directory.
package final class PrivatePostgres: Sendable {
    /// The server that suites share; each test has its own database on it.
    package static let shared = Result { try PrivatePostgres() }

    /// Where the socket is.
    package let directory: String
    private let commands: FileHandle
    private let answers: FileHandle
    private let process: Process

    package init() throws {
        let bin = try Self.binaries()
        process = Process()
        let script = ["/bin/sh", "-c", Self.script, "sh", bin]
        // The server refuses to run as root.
        let command =
            geteuid() == 0
            ? ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"] + script : script
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        commands = input.fileHandleForWriting
        answers = output.fileHandleForReading
        directory = try Self.line(from: answers)
        guard directory.hasPrefix("/") else {
            throw Missing(description: "PostgreSQL did not start: \(directory)")
        }
    }

    /// Kills the server as a crash would, and starts it again.
    package func crashAndRestart() throws {
        try commands.write(contentsOf: Data("crash\n".utf8))
        let answer = try Self.line(from: answers)
        guard answer == "ready" else { throw Missing(description: "PostgreSQL did not restart: \(answer)") }
    }

    /// Stops the server for good.
    package func stop() {
        try? commands.close()
        process.waitUntilExit()
    }

    /// A URL for one database, through this socket or another one's directory.
    package func url(database: String, user: String = "postgres", directory: String? = nil) -> String {
        "host=\(directory ?? self.directory) port=5432 user=\(user) dbname=\(database)"
    }

    private static let script = """
        set -eu
        d=$(mktemp -d /tmp/ledger-postgres.XXXXXX)
        start() {
          "$1/pg_ctl" -D "$d/data" -s -w -l "$d/log" \\
            -o "-k $d -c listen_addresses='' -c max_connections=60" start \
            || { tr '\\n' ' ' < "$d/log"; echo; exit 1; }
        }
        trap '"$1/pg_ctl" -D "$d/data" -s -m immediate stop 2>/dev/null || true; rm -rf "$d"' EXIT
        "$1/initdb" -D "$d/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync >"$d/log" 2>&1 \
          || { tr '\\n' ' ' < "$d/log"; echo; exit 1; }
        start "$1"
        echo "$d"
        while read -r command; do
          "$1/pg_ctl" -D "$d/data" -s -m immediate stop
          start "$1"
          echo ready
        done
        """

    private static func binaries() throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        guard let newest = versions.compactMap({ Int($0) }).max() else {
            throw Missing(description: "no PostgreSQL server under \(root): apt-get install postgresql")
        }
        return "\(root)/\(newest)/bin"
    }

    private static func line(from handle: FileHandle) throws -> String {
        var bytes: [UInt8] = []
        while let byte = try handle.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What a test needs and does not have.
    package struct Missing: Error, CustomStringConvertible {
        package let description: String
    }
}
