import LedgerCore
import LedgerRuntime
import Lifecycle

/// The ledger's settings from the environment's, and its errors in a person's words.
enum LedgerSource {
    static func configuration(_ settings: Settings) -> LedgerConfiguration {
        var configuration = LedgerConfiguration(
            home: settings.home, origin: settings.origin,
            now: { Timestamp(microseconds: SystemClock.nowMicroseconds()) },
            monotonicNanoseconds: { UInt64(SystemClock.monotonicNanoseconds()) })
        configuration.durability = settings.durability
        return configuration
    }

    /// A reader of the journal's events.
    static func replay(_ settings: Settings) -> Replay {
        Replay(logsDirectory: configuration(settings).logsDirectory, origin: settings.origin)
    }

    static func failure(_ error: LedgerError) -> CommandFailure {
        switch error {
        case .journal(let reason): CommandFailure(ExitCode.badData, reason)
        case .undecodable(let file, let line, let problem):
            CommandFailure(
                ExitCode.badData, "\(file) line \(line) is no event that this version knows: \(problem)")
        case .unavailable(let reason): CommandFailure(ExitCode.cannotWrite, reason)
        case .rejected(let rejection): CommandFailure(ExitCode.checkFailed, "refused: \(rejection)")
        case .overloaded, .closed: CommandFailure(ExitCode.unavailable, "the ledger takes no commands now")
        case .thread: CommandFailure(ExitCode.unavailable, "the system refuses another thread")
        }
    }
}
