package import WebSocket

/// The limits of the shells' sockets; every one is finite.
package struct ShellConfiguration: Hashable, Sendable {
    /// The most open sockets.
    package var socketsMax = 1_024
    /// The most open sockets of one user.
    package var socketsPerUserMax = 32
    /// The most runs under way of one socket.
    package var runsPerSocketMax = 16
    /// The longest text of a message.
    package var textBytesMax = 256 * 1024
    /// With more messages than this that mean nothing, the client is no shell.
    package var badMessagesMax = 20
    /// Origins that may ask beside the server's own, such as `https://agents.example.com`.
    package var allowedOrigins: Set<String> = []
    /// The limits of the protocol below.
    package var webSocket = WebSocketConfiguration()

    /// The defaults.
    package init() {}
}
