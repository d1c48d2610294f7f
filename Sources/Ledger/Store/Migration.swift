/// One step of the schema: a file of `migrations/`, carried in the binary.
package struct Migration: Sendable {
    /// Its number: 1, 2, 3 … without gaps.
    package let version: Int
    /// What it brings, as the file's name says.
    package let name: String
    /// The file's text.
    package let sql: String
}
