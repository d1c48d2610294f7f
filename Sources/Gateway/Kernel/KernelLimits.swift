/// How much a kernel may say, and how long it may be silent.
package struct KernelLimits: Hashable, Sendable {
    /// Bytes of one record.
    package var recordBytesMax = 4 << 20
    /// Bytes of all that it says.
    package var outputBytesMax = 256 << 20
    /// Bytes of standard error that are kept, the last ones.
    package var errorOutputBytesMax = 8 << 10
    /// Bytes of one tool's input.
    package var toolInputBytesMax = 1 << 20
    /// How long nothing may come from it.
    package var idleTimeoutMilliseconds: UInt64 = 120_000
    /// How long it may stay after its last record once there is a result.
    package var lingerMilliseconds: UInt64 = 3_000
    /// How long it has to end by itself when it is stopped.
    package var stopGraceMilliseconds: UInt64 = 2_000

    /// The defaults.
    package init() {}
}
