import CUV
import EventLoop

extension HTTPServer {
    /// Connections beyond the limit that are answered with 503 at one time; more are closed unheard.
    private static let refusedConnectionsMax = 256

    /// Takes a connection that waits at a listener.
    func accept(from listener: UnsafeMutablePointer<uv_stream_t>) {
        let handle = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
        guard uv_tcp_init(loop.raw, handle) == 0 else { return handle.deallocate() }
        handlesLive += 1
        let connection = HTTPConnection(server: self, handle: handle)
        connection.index = connections.count
        connections.append(connection)
        guard uv_accept(listener, connection.stream) == 0, let address = SocketAddress(peerOf: handle)
        else {
            return connection.close()
        }
        connectionsAccepted += 1
        uv_tcp_nodelay(handle, 1)
        connection.remoteAddress = address.host
        let fromHere = connectionsByAddress[address.host, default: 0] + 1
        connectionsByAddress[address.host] = fromHere
        guard connections.count <= configuration.connectionsMax else {
            return refuse(connection, .connections)
        }
        guard fromHere <= configuration.connectionsPerAddressMax else {
            return refuse(connection, .connectionsPerAddress)
        }
        connection.deadlineMilliseconds = loop.nowMilliseconds + configuration.headTimeoutMilliseconds
        connection.startReading()
    }

    private func refuse(_ connection: HTTPConnection, _ refusal: RequestRefusal) {
        guard connections.count <= configuration.connectionsMax + HTTPServer.refusedConnectionsMax
        else {
            count(refusal)
            return connection.close()
        }
        connection.refuse(refusal)
    }

    /// Drops a closing connection from the list.
    func forget(_ connection: HTTPConnection) {
        let last = connections.removeLast()
        if last !== connection {
            last.index = connection.index
            connections[last.index] = last
        }
        if let count = connectionsByAddress[connection.remoteAddress] {
            connectionsByAddress[connection.remoteAddress] = count > 1 ? count - 1 : nil
        }
        endIfDrained()
    }

    /// Stops listening, lets open exchanges end, and closes everything.
    ///
    /// - Parameters:
    ///   - milliseconds: when connections that are still open are cut.
    ///   - then: called once when no socket of this server is left.
    package func drain(withinMilliseconds milliseconds: UInt64, then: @escaping () -> Void) {
        guard !isDraining else { return }
        isDraining = true
        drained = then
        for listener in listeners { listener.close() }
        listeners = []
        for connection in connections where connection.isIdle {
            // An answer that is complete may still be on its way.
            if connection.queuedBytes == 0 { connection.close() } else { connection.closeAfterAnswer() }
        }
        for connection in connections { connection.upgraded?.onServerDrain?() }
        if !connections.isEmpty {
            drainLimit = LoopTimer(on: loop, after: milliseconds) { [unowned self] in
                for connection in connections { connection.reset() }
            }
        }
        endIfDrained()
    }

    private func endIfDrained() {
        guard isDraining, connections.isEmpty, let hooks else { return }
        self.hooks = nil
        flushDirty()
        sweep?.cancel()
        sweep = nil
        drainLimit?.cancel()
        drainLimit = nil
        hooks.close()
    }
}
