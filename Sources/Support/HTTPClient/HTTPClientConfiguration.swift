/// The limits and choices of one client.
package struct HTTPClientConfiguration: Sendable {
    /// Connections to one host at a time; further transfers wait for one.
    package var connectionsPerHostMax = 512

    /// Connections kept in all, in use or idle.
    package var connectionsIdleMax = 1024

    /// How long a connection may rest and still be used again; its host may close it earlier.
    package var connectionIdleSecondsMax = 600

    /// Time for name, connection and TLS together.
    package var connectTimeoutMilliseconds = 10_000

    /// Whether HTTP/2 is offered to https hosts.
    package var allowHTTP2 = true

    /// A PEM file of trusted authorities, instead of the system's.
    package var caFile: String?

    /// Transfers at a time, waiting ones included; more are refused at once.
    package var transfersMax = 20_000

    /// Fields in a response head.
    package var headerFieldsMax = 200

    /// Bytes in a response head.
    package var headBytesMax = 65_536

    /// Bytes of one request's body.
    package var requestBodyBytesMax = 256 << 20

    /// The defaults.
    package init() {}
}
