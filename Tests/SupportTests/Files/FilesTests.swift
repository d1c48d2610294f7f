import Crypto
import Files
import Foundation
import Testing

@Suite("Whole files")
final class FilesTests {
    let files = POSIXFileSystem()
    let directory = NSTemporaryDirectory() + "files-\(Hex.encode(Random.bytes(8)))/a/b"

    init() throws { try files.makeDirectories(directory) }

    deinit { try? FileManager.default.removeItem(atPath: files.parent(of: files.parent(of: directory))) }

    @Test("a file is replaced whole, and no temporary file stays")
    func writesWhole() throws {
        let path = directory + "/file"
        try files.writeWhole([1, 2, 3], to: path)
        try files.writeWhole([4, 5], to: path)
        #expect(try files.readWhole(path, bytesMax: 2) == [4, 5])
        #expect(try files.size(at: path) == 2)
        #expect(try files.list(directory) == ["file"])
    }

    @Test("a file over the limit is refused, one at the limit is not")
    func limitsReads() throws {
        let path = directory + "/file"
        try files.writeWhole([UInt8](repeating: 7, count: 200_000), to: path)
        #expect(try files.readWhole(path, bytesMax: 200_000).count == 200_000)
        for limit in [0, 1, 65_536, 199_999] {
            let error = #expect(throws: FileError.tooLarge(path, bytesMax: limit)) {
                try files.readWhole(path, bytesMax: limit)
            }
            #expect(error?.errno == EFBIG && "\(error?.description ?? "")".contains(" \(limit) bytes"))
        }
    }

    @Test("a missing file is said to be missing, with its path")
    func missing() {
        #expect {
            try files.readWhole(directory + "/none", bytesMax: 1)
        } throws: { error in
            (error as? FileError)?.isMissing == true && "\(error)".contains(directory + "/none")
        }
    }

    @Test("a file is created once")
    func createsOnce() throws {
        let path = directory + "/file"
        files.close(try files.open(path, for: .creating(permissions: 0o600)))
        #expect(throws: FileError(.open, path, errno: EEXIST)) {
            try files.open(path, for: .creating(permissions: 0o600))
        }
    }

    @Test("a symbolic link is not followed")
    func noLinks() throws {
        try files.writeWhole([1], to: directory + "/file")
        try FileManager.default.createSymbolicLink(
            atPath: directory + "/link", withDestinationPath: directory + "/file")
        #expect(throws: FileError(.open, directory + "/link", errno: ELOOP)) {
            try files.readWhole(directory + "/link", bytesMax: 1)
        }
    }

    @Test("a link that an operator names is followed, and one that leads nowhere is an error")
    func namedLinks() throws {
        try files.writeWhole([1], to: directory + "/file")
        for (link, target) in [("data", "file"), ("link", "data"), ("lost", "none"), ("loop", "loop")] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/\(link)", withDestinationPath: target)
        }
        #expect(try files.readNamed(directory + "/link", bytesMax: 1) == [1])
        #expect(try files.readNamed(directory + "/file", bytesMax: 1) == [1])
        #expect(throws: FileError.tooLarge(directory + "/link", bytesMax: 0)) {
            try files.readNamed(directory + "/link", bytesMax: 0)
        }
        for (link, number) in [("lost", ENOENT), ("loop", ELOOP)] {
            #expect(throws: FileError(.open, "\(directory)/\(link)", errno: number)) {
                try files.readNamed("\(directory)/\(link)", bytesMax: 1)
            }
        }
    }

    @Test("a pipe, a directory and a link are no regular files, and nobody waits for the pipe's other end")
    func regular() throws {
        let path = directory + "/file"
        try files.writeWhole(Array("x".utf8), to: path)
        files.close(try files.open(path, for: .readingRegular))
        let (pipe, link) = (directory + "/pipe", directory + "/link")
        #expect(mkfifo(pipe, 0o600) == 0)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        for other in [pipe, link, directory, "/dev/zero"] {
            #expect(throws: FileError.self) { try files.open(other, for: .readingRegular) }
        }
    }

    @Test("a lock has one holder, and goes with it")
    func locks() throws {
        let path = directory + "/lock"
        let first = try files.open(path, for: .locking)
        let second = try files.open(path, for: .locking)
        #expect(try files.lock(first))
        #expect(try !files.lock(second))
        files.close(first)
        #expect(try files.lock(second))
        files.close(second)
    }

    @Test("a closed lock is free, though a child that was just forked still shares the file")
    func forkedLock() throws {
        let path = directory + "/shared-lock"
        let first = try files.open(path, for: .locking)
        // What a fork leaves in the child until it executes: another descriptor of the same open file.
        let shared = dup(first.descriptor)
        defer { close(shared) }
        #expect(try files.lock(first))
        files.close(first)
        let second = try files.open(path, for: .locking)
        #expect(try files.lock(second))
        files.close(second)
    }

    @Test(
        "a secret that others may read is noticed",
        arguments: [(0o600, false), (0o640, false), (0o644, true)])
    func permissions(mode: Int, isOpen: Bool) throws {
        let path = directory + "/secret"
        try files.writeWhole([1], to: path)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        #expect(try FilePermissions.isOpenToOthers(path) == isOpen)
    }

    @Test(
        "knows the directory of a path",
        arguments: [("/a/b", "/a"), ("/a", "/"), ("a", "."), ("a/b/", "a"), ("/", "/")])
    func parents(path: String, parent: String) {
        #expect(files.parent(of: path) == parent)
    }

    @Test("directories are made again without harm")
    func directories() throws {
        try files.makeDirectories(directory)
        #expect(try !files.makeDirectory(directory))
        try files.writeWhole([1], to: directory + "/file")
        #expect(throws: FileError(.makeDirectory, directory + "/file/x", errno: ENOTDIR)) {
            try files.makeDirectories(directory + "/file/x")
        }
    }
}
