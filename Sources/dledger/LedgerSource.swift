import LedgerCore
import LedgerJournal
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

    /// Why a copy was not made: 73 where something else is in its place, 65 where what is read is not right.
    static func failure(_ error: CopyError) -> CommandFailure {
        switch error {
        case .store(let error): PostgresSource.failure(error)
        case .ledger(let error): failure(error)
        case .journal(.damaged), .journal(.foreignOrigin), .badSource:
            CommandFailure(ExitCode.badData, "\(error)")
        case .journal(.locked): CommandFailure(ExitCode.unavailable, "\(error)")
        case .journal, .file, .occupied: CommandFailure(ExitCode.cannotWrite, "\(error)")
        }
    }

    static func failure(_ error: VerificationError) -> CommandFailure {
        switch error {
        case .journal(let error): failure(error)
        case .store(let error): PostgresSource.failure(error)
        case .thread: failure(LedgerError.thread)
        }
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
