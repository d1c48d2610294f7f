import Glibc

/// A signal that a service answers.
package enum Signal: Hashable, Sendable {
    /// SIGTERM: stop, in order.
    case terminate
    /// SIGINT: Ctrl-C, the same.
    case interrupt
    /// SIGHUP: read the configuration again.
    case hangUp

    fileprivate init?(number: Int32) {
        switch number {
        case SIGTERM: self = .terminate
        case SIGINT: self = .interrupt
        case SIGHUP: self = .hangUp
        default: return nil
        }
    }

    /// Whether it asks the process to stop.
    package var stops: Bool { self != .hangUp }
}

/// The signals of this process, taken one by one by a thread that waits for them; no handler ever runs.
///
/// Make it before the first thread starts: threads inherit the mask, and one that did not would be killed.
/// Child processes inherit it too, unless whoever starts them resets it.
package struct Signals: Sendable {
    private let set: sigset_t

    /// Blocks SIGTERM, SIGINT and SIGHUP in this thread and in those it starts, and ignores SIGPIPE
    /// everywhere.
    package init() {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
        self.set = set
    }

    /// Waits for the next signal, for as long as it takes.
    package func wait() -> Signal {
        while true {
            var set = set
            var number: Int32 = 0
            if sigwait(&set, &number) == 0, let signal = Signal(number: number) { return signal }
        }
    }

    /// A signal that has come already, without waiting; nil when there is none.
    package func pending() -> Signal? {
        var set = set
        var immediately = timespec()
        return Signal(number: sigtimedwait(&set, nil, &immediately))
    }

    /// Whether a further SIGTERM or SIGINT has come: whoever sent it will not wait for an orderly stop.
    package func askedToGiveUp() -> Bool {
        while let signal = pending() {
            if signal.stops { return true }
        }
        return false
    }
}
