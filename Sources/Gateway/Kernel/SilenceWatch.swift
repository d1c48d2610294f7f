import EventLoop

/// Tells once when nothing has happened for a while.
///
/// Loop thread only; ends with ``cancel()``.
final class SilenceWatch {
    private let loop: EventLoop
    private let milliseconds: UInt64
    private var lastMilliseconds: UInt64
    private var timer: LoopTimer?
    private var onSilence: (() -> Void)?

    init(on loop: EventLoop, milliseconds: UInt64, onSilence: @escaping () -> Void) {
        self.loop = loop
        self.milliseconds = milliseconds
        self.onSilence = onSilence
        lastMilliseconds = loop.nowMilliseconds
        wait(milliseconds)
    }

    /// Something happened.
    func touch() { lastMilliseconds = loop.nowMilliseconds }

    /// Tells nothing any more.
    func cancel() {
        onSilence = nil
        timer?.cancel()
        timer = nil
    }

    private func wait(_ milliseconds: UInt64) {
        timer = LoopTimer(on: loop, after: milliseconds) { [weak self] in self?.look() }
    }

    private func look() {
        guard let onSilence else { return }
        // No timer is moved when something happens: one look at the end of the time is enough.
        let silent = loop.nowMilliseconds - min(lastMilliseconds, loop.nowMilliseconds)
        guard silent >= milliseconds else { return wait(milliseconds - silent) }
        self.onSilence = nil
        onSilence()
    }
}
