import Glibc

/// A Python TLS server that answers each request with its own body, under a certificate made for the test.
struct TLSServer {
    let certificate: String
    let url: String
    private let directory: String
    private let process: pid_t

    struct Failure: Error {
        let step: String
    }

    private static let script = """
        import http.server, ssl, sys
        class Echo(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            do_POST = do_GET
            def log_message(self, *ignored): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1] + "/cert.pem", sys.argv[1] + "/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    /// Starts the server with a certificate for `names`, in OpenSSL's words.
    init(names: String) throws {
        directory = "/tmp/ledger-tls-\(UInt64.random(in: 0...UInt64.max))"
        mkdir(directory, 0o700)
        certificate = "\(directory)/cert.pem"
        let make = try Self.start(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days", "1", "-subj", "/CN=test", "-addext", "subjectAltName=\(names)", "-keyout",
                "\(directory)/key.pem", "-out", certificate,
            ], output: nil)
        var status: Int32 = 0
        waitpid(make, &status, 0)
        guard status == 0 else { throw Failure(step: "openssl req failed: install openssl") }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(step: "pipe") }
        process = try Self.start(["python3", "-c", Self.script, directory], output: ends[1])
        close(ends[1])
        defer { close(ends[0]) }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(ends[0], &byte, 1) == 1, byte != 10 { line.append(byte) }
        guard let port = UInt16(String(decoding: line, as: UTF8.self)) else {
            throw Failure(step: "the Python server did not start: install python3")
        }
        url = "https://127.0.0.1:\(port)/"
    }

    /// Ends the server and removes its files.
    func stop() {
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        for name in ["cert.pem", "key.pem"] { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }

    private static func start(_ words: [String], output: Int32?) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        guard posix_spawnp(&process, words[0], &actions, nil, &arguments, environ) == 0 else {
            throw Failure(step: "\(words[0]) cannot be started: install it")
        }
        return process
    }
}
