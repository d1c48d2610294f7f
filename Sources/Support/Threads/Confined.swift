/// A value that one thread owns, on its way through code that may run on any.
///
/// Whoever makes one says with it that the value is only ever used on its own thread: a closure handed to a
/// loop or to a new thread carries it there.
// SAFETY: the value is touched on the thread that its maker names, and nowhere else; this type only carries
// it.
package struct Confined<Value>: @unchecked Sendable {
    /// The value; on its own thread only.
    package let value: Value

    /// Wraps `value`.
    package init(_ value: Value) { self.value = value }
}
