import Files
import Synchronization
import Testing
import Threads

/// A file system that fails the k-th call of one operation, and that can lose power.
///
/// It keeps what a disk would: lengths reach it by `sync`, names by `syncDirectory`. A sync that failed
/// forgets its pages, as Linux does: a later sync succeeds without them unless they were written again.
final class FaultyFileSystem: FileSystem {
    struct Plan: Sendable {
        var operation: FileError.Operation
        var call: Int
        var errno: Int32 = 5
        /// This sync fails before anything else; calls are counted after it.
        var afterSync: Int?
        /// Every later call of any operation fails as well: the process is gone.
        var isFatal = false
        /// A failing write takes half of its bytes first, as an answer of its own.
        var isShort = false
    }

    private struct State {
        var counts: [FileError.Operation: Int] = [:]
        var armedCounts: [FileError.Operation: Int] = [:]
        var isArmed = false
        var isDead = false
        var isHalfWritten = false
        var syncedBytes: [String: Int] = [:]
        var forgotten: [String: Range<Int>] = [:]
        var durableNames: Set<String> = []
        /// Descriptors that were opened here and not yet closed.
        var open: Set<Int32> = []
    }

    private let disk = POSIXFileSystem()
    private let plan: Plan?
    private let state = Lock(State())

    init(_ plan: Plan? = nil) { self.plan = plan }

    /// How often each operation was called.
    var counts: [FileError.Operation: Int] { state.withLock { $0.counts } }

    /// Whether the fault has happened.
    var hasFailed: Bool {
        guard let plan else { return false }
        return state.withLock { $0.armedCounts[plan.operation, default: 0] >= plan.call }
    }

    /// Takes away what never reached the disk.
    func losePower(in directory: String) throws {
        for name in try disk.list(directory) where name != ".lock" {
            let path = "\(directory)/\(name)"
            let (synced, isNamed) = state.withLock {
                ($0.syncedBytes[path, default: 0], $0.durableNames.contains(path))
            }
            guard isNamed else {
                try disk.remove(path)
                continue
            }
            let file = try disk.open(path, for: .repair)
            try disk.truncate(file, to: min(synced, try disk.size(of: file)))
            disk.close(file)
        }
    }

    private func step(_ operation: FileError.Operation, _ path: String) throws(FileError) {
        let fails = state.withLock { state in
            state.counts[operation, default: 0] += 1
            guard !state.isDead else { return true }
            guard let plan else { return false }
            if let sync = plan.afterSync, !state.isArmed {
                state.isArmed = operation == .sync && state.counts[.sync] == sync
                return state.isArmed
            }
            state.armedCounts[operation, default: 0] += 1
            guard plan.operation == operation, plan.call == state.armedCounts[operation] else { return false }
            state.isDead = plan.isFatal
            return true
        }
        guard !fails else { throw FileError(operation, path, errno: plan?.errno ?? 5) }
    }

    func open(_ path: String, for purpose: OpenPurpose) throws(FileError) -> OpenFile {
        try step(.open, path)
        let file = try disk.open(path, for: purpose)
        state.withLock { _ = $0.open.insert(file.descriptor) }
        return file
    }

    func close(_ file: OpenFile) {
        let isOpen = state.withLock { $0.open.remove(file.descriptor) != nil }
        // The number may be another file's by now, of this process.
        guard isOpen else {
            Issue.record("\(file.path) is closed twice")
            return
        }
        disk.close(file)
    }

    func lock(_ file: OpenFile) throws(FileError) -> Bool {
        try step(.lock, file.path)
        return try disk.lock(file)
    }

    func read(
        _ file: OpenFile, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int {
        try step(.read, file.path)
        return try disk.read(file, at: offset, into: buffer)
    }

    func append(_ bytes: UnsafeRawBufferPointer, to file: OpenFile) throws(FileError) -> Int {
        if let plan, plan.isShort, plan.operation == .write {
            // The half before the failing call, so that the failure leaves a torn line.
            let isNext = state.withLock { state in
                guard state.armedCounts[.write, default: 0] + 1 == plan.call, !state.isHalfWritten else {
                    return false
                }
                state.isHalfWritten = true
                return true
            }
            if isNext {
                return try disk.append(
                    UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)]), to: file)
            }
        }
        try step(.write, file.path)
        return try disk.append(bytes, to: file)
    }

    func overwrite(
        _ bytes: UnsafeRawBufferPointer, of file: OpenFile, at offset: Int
    ) throws(FileError) -> Int {
        try step(.write, file.path)
        let count = try disk.overwrite(bytes, of: file, at: offset)
        state.withLock { state in
            guard let range = state.forgotten[file.path], offset <= range.lowerBound else { return }
            let rest = max(range.lowerBound, offset + count)..<max(range.upperBound, offset + count)
            state.forgotten[file.path] = rest.isEmpty ? nil : rest
        }
        return count
    }

    func sync(_ file: OpenFile) throws(FileError) {
        let size = try disk.size(of: file)
        do { try step(.sync, file.path) } catch {
            state.withLock { state in
                let synced = state.syncedBytes[file.path, default: 0]
                if synced < size { state.forgotten[file.path] = synced..<size }
            }
            throw error
        }
        state.withLock { state in
            state.syncedBytes[file.path] = min(size, state.forgotten[file.path]?.lowerBound ?? size)
        }
    }

    func isNamed(_ file: OpenFile) throws(FileError) -> Bool { try disk.isNamed(file) }

    func truncate(_ file: OpenFile, to bytes: Int) throws(FileError) {
        try step(.truncate, file.path)
        try disk.truncate(file, to: bytes)
        state.withLock { state in
            guard let range = state.forgotten[file.path] else { return }
            let rest = min(range.lowerBound, bytes)..<min(range.upperBound, bytes)
            state.forgotten[file.path] = rest.isEmpty ? nil : rest
        }
    }

    func size(of file: OpenFile) throws(FileError) -> Int {
        try step(.size, file.path)
        return try disk.size(of: file)
    }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try step(.rename, path)
        try disk.rename(path, to: newPath)
        state.withLock { state in
            state.syncedBytes[newPath] = state.syncedBytes.removeValue(forKey: path)
            state.forgotten[newPath] = state.forgotten.removeValue(forKey: path)
            if state.durableNames.remove(path) != nil { state.durableNames.insert(newPath) }
        }
    }

    func remove(_ path: String) throws(FileError) {
        try step(.remove, path)
        try disk.remove(path)
        state.withLock { state in
            state.syncedBytes[path] = nil
            state.forgotten[path] = nil
            // A later file of this name is another one, not durable yet.
            state.durableNames.remove(path)
        }
    }

    func syncDirectory(_ path: String) throws(FileError) {
        try step(.syncDirectory, path)
        try disk.syncDirectory(path)
        let paths = try disk.list(path).map { "\(path)/\($0)" }
        state.withLock { $0.durableNames.formUnion(paths) }
    }

    func list(_ path: String) throws(FileError) -> [String] {
        try step(.list, path)
        return try disk.list(path)
    }

    func makeDirectory(_ path: String) throws(FileError) -> Bool {
        try step(.makeDirectory, path)
        return try disk.makeDirectory(path)
    }
}
