import Files
import Testing

@Suite("DiskSpace")
struct DiskSpaceTests {
    @Test("The root's used part lies between 0 and 1")
    func root() throws {
        let space = try DiskSpace(at: "/")
        #expect(space.usedBytes > 0)
        #expect(space.usedRatio > 0 && space.usedRatio <= 1)
    }

    @Test("A path that is not there is an error with its name")
    func missing() {
        let error = #expect(throws: FileError.self) { try DiskSpace(at: "/no/such/path") }
        #expect(error?.isMissing == true)
        #expect(error?.path == "/no/such/path")
    }
}
