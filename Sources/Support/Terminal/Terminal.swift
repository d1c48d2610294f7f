import Glibc

/// Where commands write: results to standard output, everything else to standard error.
package enum Terminal {
    /// Writes `text` to standard output, as ``plain(_:keepingLines:)`` has it.
    package static func write(_ text: String) {
        write(Array(plain(text, keepingLines: true).utf8), to: STDOUT_FILENO)
    }

    /// Writes bytes to standard output.
    package static func write(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    /// Tells a person what went wrong.
    package static func complain(_ text: String) {
        write(Array("dledger: \(plain(text, keepingLines: true))\n".utf8), to: STDERR_FILENO)
    }

    /// Says how far something is.
    package static func note(_ text: String) {
        write(Array("\(plain(text, keepingLines: true))\n".utf8), to: STDERR_FILENO)
    }

    /// `text` with `?` for whatever a terminal would obey and not show: names come from outside.
    package static func plain(_ text: String, keepingLines keepsLines: Bool = false) -> String {
        func isShown(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .control: keepsLines && scalar == "\n"
            case .format, .lineSeparator, .paragraphSeparator, .surrogate: false
            default: true
            }
        }
        guard !text.unicodeScalars.allSatisfy(isShown) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isShown($0) ? $0 : "?" }))
    }

    /// Whether a person looks at standard error.
    package static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether a person can be asked: both ends are a terminal.
    package static var canAsk: Bool { isInteractive && isatty(STDIN_FILENO) == 1 }

    /// Asks a person; true only for `y` or `yes`.
    package static func confirm(_ question: String) -> Bool {
        write(Array("\(question) [y/N] ".utf8), to: STDERR_FILENO)
        let answer = readLine() ?? ""
        return ["y", "yes"].contains(answer.lowercased())
    }

    /// Redraws one line of standard error.
    package static func redraw(_ text: String) { write(Array("\r\u{1B}[2K\(text)".utf8), to: STDERR_FILENO) }

    /// Ends the process.
    package static func exit(_ code: Int32) -> Never { Glibc.exit(code) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
