import Crypto
import Files
import JSON
import LedgerCore
import LedgerJournal
import Logging

/// The saved fold and the place in the journal that it belongs to: only ever a shorter way to the same state.
///
/// Three parts: the hash of the rest, a line that names the place, and ``SnapshotCodec``'s bytes. Whatever is
/// odd about it, it is ignored and the journal is read from the start.
enum Snapshot {
    private static let bytesMax = 1 << 30

    /// Saves `view`, atomically; a failure is logged and costs only time at the next start.
    static func save(_ view: LedgerView, _ configuration: LedgerConfiguration, log: Logger) {
        guard let segment = view.mark.segment else { return }
        var head = LineWriter(appendingTo: [])
        head.field("origin", configuration.origin)
        head.field("segment", segment.description)
        head.field("byteOffset", Int64(view.mark.byteOffset))
        head.field("lineCount", Int64(view.mark.lineCount))
        head.field("position", view.mark.position)
        head.field("chain", view.mark.chain.hex)
        var bytes = head.finish()
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: SnapshotCodec.encode(view.state, view.usage))
        let hash = Array("\(SHA256.hash(of: bytes))\n".utf8)
        do {
            try configuration.files.writeWhole(hash + bytes, to: configuration.snapshotPath)
        } catch { log.warning("snapshot not saved", ["error": "\(error)"]) }
    }

    /// The saved fold; nil when there is none that can be used.
    static func load(_ configuration: LedgerConfiguration, log: Logger) -> LedgerView? {
        do throws(FileError) {
            let bytes = try configuration.files.readWhole(configuration.snapshotPath, bytesMax: bytesMax)
            if let view = read(checked(bytes), origin: configuration.origin) { return view }
            log.warning("snapshot ignored: it is not one of this version and origin")
        } catch {
            if !error.isMissing { log.warning("snapshot ignored", ["error": "\(error)"]) }
        }
        return nil
    }

    /// What stands behind the hash, when that is right; else nothing.
    private static func checked(_ bytes: [UInt8]) -> [UInt8] {
        guard let newline = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return [] }
        let rest = Array(bytes[(newline + 1)...])
        return SHA256.hash(of: rest).description.utf8.elementsEqual(bytes[..<newline]) ? rest : []
    }

    private static func read(_ bytes: [UInt8], origin: String) -> LedgerView? {
        guard let newline = bytes.firstIndex(of: UInt8(ascii: "\n")),
            let document = try? JSONDocument.parse(
                Array(bytes[..<newline]))
        else { return nil }
        let head = document.root
        guard head["origin"]?.string == origin,
            let segment = head["segment"]?.string.flatMap({ SegmentName($0) }),
            let byteOffset = head["byteOffset"]?.int64, let lineCount = head["lineCount"]?.int64,
            let position = head["position"]?.int64,
            let chain = head["chain"]?.string.flatMap({ ChainHash(hex: $0) }),
            let fold = try? bytes[(newline + 1)...].withUnsafeBytes({ try SnapshotCodec.decode($0) }),
            fold.usage.position.value == position
        else { return nil }
        var view = LedgerView(origin: origin)
        view.state = fold.state
        view.usage = fold.usage
        view.mark = JournalMark(
            segment: segment, byteOffset: Int(byteOffset), lineCount: Int(lineCount), position: position,
            chain: chain)
        return view
    }
}
