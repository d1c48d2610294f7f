package import Files
package import LedgerJournal
package import LedgerStore

/// Why a copy of a ledger was not made: a backup, a restored journal, a rebuilt database.
package enum CopyError: Error, Hashable {
    /// The journal that is read, or the one that is made.
    case journal(JournalError)
    /// An event of the journal is none that this version knows.
    case ledger(LedgerError)
    /// The database.
    case store(StoreError)
    /// The backup's files.
    case file(FileError)
    /// Something else is where the copy should go.
    case occupied(String)
    /// What is read is not what it must be: it is named with its place.
    case badSource(String)
}

extension CopyError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .journal(let error): "\(error)"
        case .ledger(let error): "\(error)"
        case .store(let error): "\(error)"
        case .file(let error): "\(error)"
        case .occupied(let reason): reason
        case .badSource(let reason): reason
        }
    }
}

extension CopyError {
    static func files<Value>(_ body: () throws(FileError) -> Value) throws(CopyError) -> Value {
        do { return try body() } catch { throw .file(error) }
    }

    static func journal<Value: ~Copyable>(
        _ body: () throws(JournalError) -> Value
    ) throws(CopyError) -> Value {
        do { return try body() } catch { throw .journal(error) }
    }

    static func store<Value>(_ body: () throws(StoreError) -> Value) throws(CopyError) -> Value {
        do { return try body() } catch { throw .store(error) }
    }

    static func ledger<Value: ~Copyable>(
        _ body: () throws(LedgerError) -> Value
    ) throws(CopyError) -> Value {
        do { return try body() } catch { throw .ledger(error) }
    }
}
