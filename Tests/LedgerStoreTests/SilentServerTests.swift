import Glibc
import Postgres
import TestSupport
import Testing
import Threads

@Suite("A server that does not answer")
struct SilentServerTests {
    /// Stops the session's server process, which then takes bytes and answers none.
    private func hush(
        _ connection: borrowing PostgresConnection, _ body: () throws -> Void
    ) rethrows {
        let server = pid_t(connection.backendID)
        #expect(kill(server, SIGSTOP) == 0)
        defer { kill(server, SIGCONT) }
        try body()
    }

    @Test("a statement is given up after the server's own limit and the line's")
    func statement() throws {
        let database = try TestDatabase()
        var options = PostgresOptions(applicationName: "silent")
        options.statementTimeoutMilliseconds = 200
        options.silenceTimeoutMilliseconds = 200
        let connection = try PostgresConnection.connect(
            url: database.server.url(database: database.name), options: options)
        hush(connection) {
            let error = #expect(throws: PostgresError.self) { try connection.execute("select 1") }
            #expect(error?.isConnectionLost == true)
        }
        try connection.reconnect()
        #expect(try connection.query("select 1").text(0, 0) == "1")
    }

    @Test("the end of a COPY is given up as well")
    func copy() throws {
        let database = try TestDatabase()
        try database.run("create table public.numbers (number integer)")
        var options = PostgresOptions(applicationName: "silent")
        options.statementTimeoutMilliseconds = 200
        options.silenceTimeoutMilliseconds = 200
        let connection = try PostgresConnection.connect(
            url: database.server.url(database: database.name), options: options)
        try connection.beginCopy("copy public.numbers from stdin")
        hush(connection) {
            let error = #expect(throws: PostgresError.self) {
                try connection.put(Array("1\n".utf8))
                _ = try connection.endCopy()
            }
            #expect(error?.isConnectionLost == true)
        }
    }

    @Test("a program that is to end waits no whole minute, and connects no more")
    func ending() throws {
        let database = try TestDatabase()
        let isEnding = Lock(false)
        var options = PostgresOptions(applicationName: "silent")
        options.isEnding = { isEnding.withLock { $0 } }
        let connection = try PostgresConnection.connect(
            url: database.server.url(database: database.name), options: options)
        let began = ContinuousClock.now
        isEnding.withLock { $0 = true }
        hush(connection) {
            #expect(throws: PostgresError.self) { try connection.execute("select 1") }
        }
        #expect(ContinuousClock.now - began < .seconds(20))
        #expect(throws: PostgresError.connect("the program ends")) { try connection.reconnect() }
    }

    @Test("what an abandoned COPY left behind is dropped before the next statement")
    func abandonedCopy() throws {
        let database = try TestDatabase()
        try database.run("create table public.numbers (number integer)")
        let options = PostgresOptions(applicationName: "abandoned")
        let connection = try PostgresConnection.connect(
            url: database.server.url(database: database.name), options: options)
        try connection.beginCopy("copy public.numbers from stdin")
        try connection.put(Array("1\n".utf8))
        #expect(try connection.query("select count(*) from public.numbers").text(0, 0) == "0")
    }
}
