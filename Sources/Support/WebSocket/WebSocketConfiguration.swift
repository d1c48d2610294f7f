/// The limits of one WebSocket; every one is finite.
package struct WebSocketConfiguration: Hashable, Sendable {
    /// The longest message, all its fragments together.
    package var messageBytesMax = 1024 * 1024
    /// With more than this still to be taken by the client, the next thing to send drops it instead.
    ///
    /// So at most this and one message wait for a client.
    package var queuedBytesMax = 1024 * 1024
    /// Between two pings.
    package var pingIntervalMilliseconds: UInt64 = 20_000
    /// Without any byte from the client; looked at with each ping.
    package var silenceTimeoutMilliseconds: UInt64 = 60_000
    /// From a close frame to the connection's end.
    package var closeTimeoutMilliseconds: UInt64 = 5_000

    /// The defaults.
    package init() {}
}
