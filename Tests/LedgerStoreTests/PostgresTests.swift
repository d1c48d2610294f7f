import Postgres
import TestSupport
import Testing

@Suite("PostgreSQL text forms and connection")
struct PostgresTests {
    let database: TestDatabase

    init() throws { database = try TestDatabase(migrated: false) }

    @Test("COPY rows escape what the format gives a meaning")
    func copyText() {
        var rows = CopyTextWriter()
        rows.append("a\tb\nc\rd\\N")
        rows.append(nil)
        rows.append("")
        rows.append(-5)
        rows.appendBytea([0, 0xAB, 0xFF])
        rows.append(ArraySlice("\\{\"ü\"}".utf8))
        rows.endRow()
        rows.append("next")
        rows.endRow()
        let text = String(decoding: rows.bytes, as: UTF8.self)
        #expect(text == "a\\tb\\nc\\rd\\\\N\t\\N\t\t-5\t\\\\x00abff\t\\\\{\"ü\"}\nnext\n")
    }

    @Test("bytea is read back, and nothing else is", arguments: ["\\x", "\\x00", "\\xdeadBEEF"])
    func bytea(_ text: String) {
        #expect(Bytea.decode(text.utf8).map { Bytea.text($0) } == text.lowercased())
        #expect(Bytea.decode((text + "0").utf8) == nil)
        #expect(Bytea.decode((text + "zz").utf8) == nil)
        #expect(Bytea.decode(text.dropFirst().utf8) == nil)
    }

    static let awkward = ["", "NULL", "null", "a,b", "{}", "\"", "\\", "\\\"", " ", "\n\t", "ünï"]

    @Test("an array parameter arrives element by element")
    func arrays() throws {
        var array = ArrayText()
        for element in Self.awkward { array.append(element) }
        let rows = try database.connect().query(
            "select unnest($1::text[])", [array.text])
        let back = (0..<rows.rowCount).map { rows.text($0, 0) }
        #expect(back == Self.awkward)
    }

    @Test("parameters are values, never SQL")
    func parameters() throws {
        let rows = try database.connect().query(
            "select $1::text, $2::text, $3::bytea, $4::bigint, 1 where $5::text is null",
            ["'; drop table x; --", nil, Bytea.text([1, 2]), "-9223372036854775808", nil])
        let text = rows.text(0, 0)
        let null = rows.text(0, 1)
        let bytes = rows.bytea(0, 2)
        let number = rows.integer(0, 3)
        let outside = [rows.text(1, 0), rows.text(0, 9), rows.text(-1, 0)]
        #expect(text == "'; drop table x; --")
        #expect(null == nil)
        #expect(bytes == [1, 2])
        #expect(number == .min)
        #expect(outside == [nil, nil, nil])
    }

    @Test("a zero byte in a parameter is refused before it is cut short")
    func zeroByte() throws {
        let connection = try database.connect()
        let error = #expect(throws: PostgresError.self) { _ = try connection.query("select $1", ["a\0b"]) }
        #expect(error?.isConnectionLost == false)
    }

    @Test("a server's error carries its code and the connection goes on")
    func serverError() throws {
        let connection = try database.connect()
        let error = #expect(throws: PostgresError.self) { try connection.execute("begin; select 1/0") }
        #expect(error?.sqlState == "22012")
        let failed = connection.transactionState
        try connection.execute("rollback")
        let idle = connection.transactionState
        #expect(failed == .failed)
        #expect(idle == .idle)
    }

    @Test("a COPY given up leaves nothing, and the connection goes on")
    func cancelCopy() throws {
        let connection = try database.connect()
        try connection.execute("create table t (a text)")
        try connection.beginCopy("copy t from stdin")
        try connection.put(Array("one\n".utf8))
        connection.cancelCopy()
        try connection.beginCopy("copy t from stdin")
        try connection.put(Array("two\nthr".utf8))
        try connection.put(Array("ee\n".utf8))
        let count = try connection.endCopy()
        #expect(count == 2)
        #expect(try database.column("select a from t") == ["two", "three"])
    }

    @Test("a session ended by the server is told from a refused statement, and can be made anew")
    func lost() throws {
        let connection = try database.connect()
        let backend = connection.backendID
        try database.run("select pg_terminate_backend(\(backend), 5000)")
        let error = #expect(throws: PostgresError.self) { _ = try connection.query("select 1") }
        #expect(error?.isConnectionLost == true)
        try connection.reconnect()
        let answer = try connection.query("select current_setting('lock_timeout')").text(0, 0)
        #expect(answer == "5s")
    }
}
