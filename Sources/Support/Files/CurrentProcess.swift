import Glibc

/// This process, as others see it.
package enum CurrentProcess {
    /// Its id.
    package static var id: Int { Int(getpid()) }
}
