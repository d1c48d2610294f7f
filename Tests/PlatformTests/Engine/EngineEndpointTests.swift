import Testing

@testable import Platform

@Suite("EngineEndpoint")
struct EngineEndpointTests {
    @Test("A socket file and a host with a port are addresses")
    func good() throws {
        let file = try EngineEndpoint("unix:///var/run/docker.sock")
        #expect(file.unixSocketPath == "/var/run/docker.sock")
        #expect(file.urlPrefix == "http://engine")
        let host = try EngineEndpoint("tcp://127.0.0.1:2375")
        #expect(host.unixSocketPath == nil)
        #expect(host.urlPrefix == "http://127.0.0.1:2375")
        #expect(try EngineEndpoint("tcp://[::1]:2375/").urlPrefix == "http://[::1]:2375")
    }

    @Test(
        "Anything else is refused with what would be right",
        arguments: [
            "", "/var/run/docker.sock", "unix://", "unix:///", "unix://run/docker.sock", "unix:///a\0b",
            "tcp://", "tcp://host", "tcp://host:", "tcp://host:0", "tcp://host:65536", "tcp://:2375",
            "tcp://user@host:1", "tcp://host:1/path", "tcp://a:b:1", "ssh://host", "npipe:////./pipe/x",
            "unix:///" + String(repeating: "a", count: 107),
        ])
    func bad(_ text: String) {
        let error = #expect(throws: EngineEndpointError.self) { try EngineEndpoint(text) }
        #expect(error?.reason.contains("unix:///var/run/docker.sock") == true)
    }
}

@Suite("EngineVersion")
struct EngineVersionTests {
    private func version(_ theirs: String, oldest: String? = nil) throws -> String {
        let least = oldest.map { #","MinAPIVersion":"\#($0)""# } ?? ""
        return try EngineVersion(Array(#"{"ApiVersion":"\#(theirs)"\#(least)}"#.utf8)).api.text
    }

    @Test("The lower of both newest versions is spoken, and never one that the engine has dropped")
    func agreement() throws {
        #expect(try version("1.41") == "1.41")
        #expect(try version("1.43") == "1.43")
        #expect(try version("1.51", oldest: "1.24") == "1.43")
        #expect(try version("1.52", oldest: "1.44") == "1.44")
    }

    @Test("An engine that is too old, or none, is refused with what is needed")
    func tooOld() {
        let error = #expect(throws: EngineError.self) { try version("1.40") }
        #expect(error?.words.contains("at least 1.41 is needed") == true)
        #expect(throws: EngineError.malformed("/version names no ApiVersion")) { try version("new") }
        #expect(throws: EngineError.malformed("/version: not JSON")) { try EngineVersion([]) }
    }

    @Test("Podman says its name")
    func podman() throws {
        #expect(try EngineVersion(Array(RecordedPodman.version.utf8)).isPodman)
        #expect(try !EngineVersion(Array(RecordedEngine.version.utf8)).isPodman)
    }
}
