package import Files
import Synchronization
package import Threads

/// The real disk, of which one operation fails, or waits, while a test says so.
package final class FailingFileSystem: FileSystem {
    private let disk = POSIXFileSystem()
    private let stall = Lock<Stall?>(nil)

    /// A sync that waits: `arrived` is signalled when one has come, which ends when `release` is signalled.
    package struct Stall: Sendable {
        package let arrived = Semaphore()
        package let release = Semaphore()
    }

    package init() {}
    private let failing = Lock<(operation: FileError.Operation, errno: Int32)?>(nil)

    /// From now on `operation` fails with `errno`.
    package func fail(_ operation: FileError.Operation, errno: Int32) {
        failing.withLock { $0 = (operation, errno) }
    }

    /// The next sync waits until it is released.
    package func stallNextSync() -> Stall {
        let new = Stall()
        stall.withLock { $0 = new }
        return new
    }

    /// From now on nothing fails.
    package func heal() { failing.withLock { $0 = nil } }

    private func step(_ operation: FileError.Operation, _ path: String) throws(FileError) {
        if let failing = failing.withLock({ $0 }), failing.operation == operation {
            throw FileError(operation, path, errno: failing.errno)
        }
    }

    package func open(_ path: String, for purpose: OpenPurpose) throws(FileError) -> OpenFile {
        try step(.open, path)
        return try disk.open(path, for: purpose)
    }

    package func close(_ file: OpenFile) { disk.close(file) }

    package func lock(_ file: OpenFile) throws(FileError) -> Bool { try disk.lock(file) }

    package func read(
        _ file: OpenFile, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileError) -> Int {
        try disk.read(file, at: offset, into: buffer)
    }

    package func append(_ bytes: UnsafeRawBufferPointer, to file: OpenFile) throws(FileError) -> Int {
        do { try step(.write, file.path) } catch {
            // A full disk takes a part of the bytes first.
            let half = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)])
            _ = try disk.append(half, to: file)
            throw error
        }
        return try disk.append(bytes, to: file)
    }

    package func overwrite(
        _ bytes: UnsafeRawBufferPointer, of file: OpenFile, at offset: Int
    ) throws(FileError) -> Int {
        try disk.overwrite(bytes, of: file, at: offset)
    }

    package func sync(_ file: OpenFile) throws(FileError) {
        if let stall = stall.withLock({ $0.take() }) {
            stall.arrived.signal()
            stall.release.wait()
        }
        try step(.sync, file.path)
        try disk.sync(file)
    }

    package func truncate(_ file: OpenFile, to bytes: Int) throws(FileError) {
        try disk.truncate(file, to: bytes)
    }

    package func size(of file: OpenFile) throws(FileError) -> Int { try disk.size(of: file) }

    package func isNamed(_ file: OpenFile) throws(FileError) -> Bool { try disk.isNamed(file) }

    package func rename(_ path: String, to newPath: String) throws(FileError) {
        try step(.rename, path)
        try disk.rename(path, to: newPath)
    }

    package func remove(_ path: String) throws(FileError) { try disk.remove(path) }

    package func syncDirectory(_ path: String) throws(FileError) { try disk.syncDirectory(path) }

    package func list(_ path: String) throws(FileError) -> [String] { try disk.list(path) }

    package func makeDirectory(_ path: String) throws(FileError) -> Bool { try disk.makeDirectory(path) }
}
