import Foundation
import Testing

/// Compares `bytes` with the file `Tests/Golden/NAME`; with `UPDATE_GOLDEN=1` in the environment, writes it.
func expectGolden(
    _ bytes: [UInt8], named name: String, at location: SourceLocation = #_sourceLocation
) throws {
    let file = goldenFile(name)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }
    let expected = try golden(name)
    #expect(
        String(decoding: bytes, as: UTF8.self) == String(decoding: expected, as: UTF8.self),
        "not the bytes of Tests/Golden/\(name)", sourceLocation: location)
    #expect(bytes == expected, sourceLocation: location)
}

/// The bytes of `Tests/Golden/NAME`.
func golden(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: goldenFile(name))) }

private func goldenFile(_ name: String) -> URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden").appending(path: name)
}
