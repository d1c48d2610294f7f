package import EventLoop
package import HTTP
import JSON
package import LedgerCore
import WebSocket

/// All open shells.
///
/// Loop thread only.
package final class ShellHub {
    let loop: EventLoop
    let desk: any DispatchDesk
    let source: ShellSource
    let configuration: ShellConfiguration
    let parser = JSONParser()
    private let onCount: (_ open: Int) -> Void
    private let onSlowReader: () -> Void
    private var sockets: [ObjectIdentifier: ShellSocket] = [:]
    private var socketsByUser: [UserID: Int] = [:]

    /// Creates a hub whose messages go to `desk`.
    ///
    /// `onCount` is told how many shells are open, with each one that comes or goes; `onSlowReader` is called
    /// when one was dropped because it did not read.
    package init(
        loop: EventLoop, desk: any DispatchDesk, source: ShellSource,
        configuration: ShellConfiguration = ShellConfiguration(), onCount: @escaping (_ open: Int) -> Void,
        onSlowReader: @escaping () -> Void
    ) {
        self.loop = loop
        self.desk = desk
        self.source = source
        self.configuration = configuration
        self.onCount = onCount
        self.onSlowReader = onSlowReader
    }

    /// How many shells are open.
    package var count: Int { sockets.count }

    /// Makes a shell of a request from `user`, who is known to be that; or refuses it.
    package func open(_ exchange: HTTPExchange, for user: UserID) {
        guard mayAsk(exchange.head) else { return Self.foreign.response(on: exchange) }
        guard sockets.count < configuration.socketsMax,
            socketsByUser[user, default: 0] < configuration.socketsPerUserMax
        else { return Self.full.response(on: exchange, headers: Self.soon) }
        guard let webSocket = WebSocket.accept(exchange, on: loop, configuration: configuration.webSocket)
        else { return }
        let socket = ShellSocket(webSocket, user, of: self)
        sockets[ObjectIdentifier(socket)] = socket
        socketsByUser[user, default: 0] += 1
        onCount(sockets.count)
        socket.start()
    }

    /// Shows an alert in every shell.
    package func show(_ alert: AlertReceived) { broadcast(ShellMessage.alert(alert)) }

    /// Sends a text to every shell.
    package func broadcast(_ text: [UInt8]) {
        // One that is dropped for being slow leaves the list meanwhile.
        for socket in Array(sockets.values) { socket.send(text) }
    }

    func forget(_ socket: ShellSocket, wasSlow: Bool) {
        guard sockets.removeValue(forKey: ObjectIdentifier(socket)) != nil else { return }
        let left = (socketsByUser[socket.user] ?? 1) - 1
        socketsByUser[socket.user] = left > 0 ? left : nil
        if wasSlow { onSlowReader() }
        onCount(sockets.count)
    }

    /// Whether the page that asks, if one does, is the server's own or a known one.
    ///
    /// A browser sends its cookies with any page's WebSocket: the origin is all that tells them apart.
    private func mayAsk(_ head: HTTPRequestHead) -> Bool {
        if SameOrigin.isNotForeign(head) { return true }
        let origins = head.headers.all("origin")
        return origins.count == 1 && configuration.allowedOrigins.contains(origins[0].lowercased())
    }

    private static let soon: HTTPHeaders = ["retry-after": "5"]
    private static let foreign = Problem(
        status: 403, type: "/problems/origin", title: "Asked from another site",
        detail: "Shells open from this server's own pages, or from none.")
    private static let full = Problem(
        status: 503, type: "/problems/shells-full", title: "Too many shells",
        detail: "As many are open as may be, in all or of this user; close one, or try again soon.")
}
