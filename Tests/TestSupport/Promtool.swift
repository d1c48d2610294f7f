import Glibc

/// Runs the real `promtool check metrics` over an exposition.
package enum Promtool {
    /// What it printed and how it exited; 127 when it is not installed.
    package static func check(_ exposition: [UInt8]) -> (status: Int32, output: String) {
        var path = Array("/tmp/dledger-exposition-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        defer { close(descriptor) }
        let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(name) }
        guard write(descriptor, exposition, exposition.count) == exposition.count else {
            return (-1, "not written")
        }
        return run("promtool check metrics < \(name) 2>&1")
    }

    private static func run(_ command: String) -> (status: Int32, output: String) {
        guard let pipe = popen(command, "r") else { return (-1, "no shell") }
        var output: [UInt8] = []
        while case let byte = fgetc(pipe), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
        let status = pclose(pipe)
        return ((status >> 8) & 0xFF, String(decoding: output, as: UTF8.self))
    }
}
