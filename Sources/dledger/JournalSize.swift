import LedgerRuntime
import Files
import LedgerJournal

/// How large a journal is, for a progress bar.
enum JournalSize {
    static func bytes(_ settings: Settings) throws(CommandFailure) -> Int64 {
        let directory = LedgerSource.configuration(settings).logsDirectory
        do throws(FileError) {
            let files = POSIXFileSystem()
            var sum = 0
            for name in try files.list(directory) where SegmentName(name) != nil {
                sum += try files.size(at: directory + "/" + name)
            }
            return Int64(sum)
        } catch {
            if error.isMissing {
                throw CommandFailure(
                    ExitCode.badData,
                    "there is no journal under \(settings.home): set LEDGER_HOME, or start `dledger serve`")
            }
            throw CommandFailure(ExitCode.badData, "\(error)")
        }
    }
}
