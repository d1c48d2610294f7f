extension HTTPConnection {
    func upgrade(_ head: ResponseHead) -> UpgradedConnection? {
        guard phase == .handling else { return nil }
        let upgraded = UpgradedConnection(self)
        self.upgraded = upgraded
        exchange = nil
        releaseBody()
        phase = .upgraded
        send(head)
        return phase == .upgraded ? upgraded : nil
    }

    /// Hands over what the client has sent, once there is someone to take it.
    func deliverPending() {
        guard phase == .upgraded, !isConsuming, let take = upgraded?.onBytes else { return }
        startReading()
        guard !pending.isEmpty else { return }
        let bytes = pending
        pending = []
        bytes.withUnsafeBytes { take($0) }
    }

    /// Bytes from the client of an upgraded connection.
    func receivedUpgraded(_ bytes: UnsafeRawBufferPointer) {
        guard let take = upgraded?.onBytes else { return stash(bytes) }
        take(bytes)
    }
}
