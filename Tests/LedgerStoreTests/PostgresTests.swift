import LedgerCore
import Postgres
import TestSupport
import Testing

@Suite("PostgreSQL text forms and connection")
struct PostgresTests {
    let database: TestDatabase

    init() throws { database = try TestDatabase(migrated: false) }

    @Test("COPY brings each kind of value as it was")
    func copyRows() throws {
        let texts = ["a\tb\nc\rd\\N \\.", "", "ünï", nil]
        let amounts: [Int128] = [
            0, 1, -1, 1_000_000_000_000_000_000, 99_999_999_999_999_999_999_999_999_999_999_999_999,
            -12_345_000_000_000_000_006_789, 10_000_000_000_000_000_000_000,
        ]
        let session = try database.connect()
        try session.execute(
            "create temp table t (a text, b bigint, c uuid, d timestamptz, e jsonb, f numeric(38, 18), g bytea)"
        )
        try session.beginCopy("copy t from stdin with (format binary)")
        var rows = CopyWriter(columns: 7)
        for (index, amount) in amounts.enumerated() {
            rows.beginRow()
            rows.append(texts[index % 4])
            rows.append(index == 2 ? nil : Int64.min + Int64(index))
            rows.append(uuid: 0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF)
            rows.append(microsecondsSince1970: 1_793_491_200_123_456)
            rows.append(json: index == 3 ? nil : Array(#"{"a":"\n"}"#.utf8))
            rows.append(numericAttos: amount)
            rows.append([0, 0xAB, 0xFF][...])
        }
        rows.end()
        try session.put(rows.bytes)
        #expect(try session.endCopy() == amounts.count)
        let stored = try session.query("select * from t order by b nulls first")
        for (row, index) in ([2, 0, 1] + Array(3..<amounts.count)).enumerated() {
            #expect(stored.text(row, 0) == texts[index % 4])
            #expect(stored.integer(row, 1) == (index == 2 ? nil : Int64.min + Int64(index)))
            #expect(stored.text(row, 2) == "01234567-89ab-cdef-0123-456789abcdef")
            #expect(stored.text(row, 3) == "2026-11-01 00:00:00.123456+00")
            #expect(stored.text(row, 4) == (index == 3 ? nil : #"{"a": "\n"}"#))
            #expect(try stored.text(row, 5).map { try Money(decimal: $0).attos } == amounts[index])
            #expect(stored.bytea(row, 6) == [0, 0xAB, 0xFF])
        }
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
