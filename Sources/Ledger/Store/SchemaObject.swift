/// A function or a view: a file of `migrations/functions` or `migrations/views`, carried in the binary.
///
/// Unlike a ``Migration`` it is replaced whenever its text changes.
package struct SchemaObject: Sendable {
    /// Its folder and the file's name, for example `views/cost_daily`.
    package let name: String
    /// The file's text, which creates it or replaces it.
    package let sql: String
}
