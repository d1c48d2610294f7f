import Files
import Terminal

/// Secrets from a variable or from the file that another variable names.
enum SecretFile {
    /// The secret in `name` or in the file of `name_FILE`; nil when neither is set.
    ///
    /// - Throws: when both are set, when the file is open to others or cannot be read, when the secret is too
    ///   short.
    static func read(
        _ name: String, lengthMin: Int, _ environment: Environment
    ) throws(CommandFailure) -> String? {
        let direct = environment[name]
        guard let path = environment[name + "_FILE"] else { return try check(name, direct, lengthMin) }
        guard direct == nil else {
            throw CommandFailure(ExitCode.usage, "\(name) and \(name)_FILE are both set: leave one out")
        }
        let isOpen: Bool
        var text: String
        do throws(FileError) {
            isOpen = try FilePermissions.isOpenToOthers(path)
            text = String(decoding: try POSIXFileSystem().readNamed(path, bytesMax: 4096), as: UTF8.self)
        } catch { throw CommandFailure(ExitCode.usage, "\(name)_FILE: \(error)") }
        guard !isOpen else {
            throw CommandFailure(
                ExitCode.usage,
                "\(name)_FILE: \(path) can be read or written by others; run: chmod 600 \(path)")
        }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return try check(name + "_FILE", text, lengthMin)
    }

    private static func check(
        _ name: String, _ secret: String?, _ lengthMin: Int
    ) throws(CommandFailure) -> String? {
        guard let secret else { return nil }
        guard secret.utf8.count >= lengthMin else {
            throw CommandFailure(ExitCode.usage, "\(name) is too short: at least \(lengthMin) characters")
        }
        return secret
    }
}
