/// The limits of one server; every one is finite.
package struct HTTPServerConfiguration: Sendable {
    /// The longest head, request line and all fields together.
    package var headBytesMax = 32 * 1024
    /// The longest request target.
    package var targetBytesMax = 8 * 1024
    /// The most header fields in a head.
    package var headersMax = 100
    /// The longest request body.
    package var bodyBytesMax = 32 * 1024 * 1024
    /// The most bytes of request bodies held at one time, over all connections.
    package var bodiesInFlightBytesMax = 512 * 1024 * 1024
    /// The most connections at one time.
    package var connectionsMax = 10_000
    /// The most connections at one time from one address.
    package var connectionsPerAddressMax = 8_192
    /// The most requests on one connection before it is closed.
    package var requestsPerConnectionMax = 1_000_000
    /// The most bytes taken in ahead of their turn, from a client that pipelines.
    package var pipelinedBytesMax = 64 * 1024
    /// From the first byte of a head (or the start of the connection) to its end.
    package var headTimeoutMilliseconds: UInt64 = 10_000
    /// Without any byte of an expected body.
    package var bodyTimeoutMilliseconds: UInt64 = 60_000
    /// The slowest a body may come in, beyond the first `bodyTimeoutMilliseconds`.
    package var bodyBytesPerSecondMin: UInt64 = 1_024
    /// Between two requests.
    package var idleTimeoutMilliseconds: UInt64 = 75_000
    /// With bytes to send and a client that takes none.
    package var writeStallTimeoutMilliseconds: UInt64 = 60_000
    /// After the last answer, for the client to read it and close.
    package var lingerTimeoutMilliseconds: UInt64 = 2_000
    /// The most bytes thrown away while waiting for the client to close.
    package var lingerBytesMax = 4 * 1024 * 1024
    /// Queued bytes above which ``HTTPExchange/write(_:)-([UInt8])`` says false; half of it is the low mark.
    package var writeHighWaterBytes = 256 * 1024

    /// The defaults.
    package init() {}
}
