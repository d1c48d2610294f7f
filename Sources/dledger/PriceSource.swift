import Files
import LedgerCore
import LedgerRuntime

/// Where the price book comes from: a file, or the one that is built in.
enum PriceSource {
    private static let bytesMax = 64 << 20

    /// Loads the file at `path`; messages say what it was given as, a setting or an option, if it was.
    static func load(
        _ path: String?, naming name: String? = "LEDGER_PRICES"
    ) throws(CommandFailure) -> (book: PriceBook, source: String) {
        guard let path else {
            do throws(PriceBookFileError) { return (try PriceBookFile.embedded(), "built-in") } catch {
                throw CommandFailure(ExitCode.badData, "\(error)")
            }
        }
        let bytes: [UInt8]
        do throws(FileError) { bytes = try POSIXFileSystem().readNamed(path, bytesMax: bytesMax) } catch {
            throw CommandFailure(ExitCode.badData, (name.map { $0 + ": " } ?? "") + "\(error)")
        }
        return (try parse(bytes, path), path)
    }

    private static func parse(_ bytes: [UInt8], _ name: String) throws(CommandFailure) -> PriceBook {
        do throws(PriceBookFileError) { return try PriceBookFile.parse(bytes, file: name) } catch {
            throw CommandFailure(ExitCode.badData, "\(error)")
        }
    }
}
