import Foundation

/// Foundation's decoder, as the second opinion.
enum Base64 {
    /// Returns the bytes; nil when the text is no base64.
    static func decode(_ text: String) -> [UInt8]? { Data(base64Encoded: text).map(Array.init) }
}
