import LedgerCore
import LedgerJournal
import LedgerRuntime
import Terminal
import Threads

/// `dledger tail [-f] [--user U] [--type T]`.
enum TailCommand {
    static let description = CommandDescription(
        name: "tail", summary: "Prints events, as the journal has them.",
        usage: "tail [-f] [--user USER] [--type TYPE] [--after POSITION]",
        options: [
            ("-f, --follow", "go on as events are appended"), ("--user USER", "only this user's"),
            ("--type TYPE", "only this type, for example call.settled"),
            ("--after POSITION", "only events behind this position (default: the last ten)"),
        ], run: { words, environment throws(CommandFailure) in try run(words, environment) })

    private static func run(_ words: [String], _ environment: Environment) throws(CommandFailure) -> Int32 {
        var arguments = Arguments(words)
        let follows = arguments.flag("-f", "--follow")
        let user = try arguments.option("--user")
        let type = try arguments.option("--type")
        let after = try arguments.option("--after")
        try arguments.end()
        if let type, EventType(rawValue: type) == nil {
            let known = EventType.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(ExitCode.usage, "there is no type \"\(type)\": \(known)")
        }
        let settings = try Settings(environment)
        let matches = { (event: RecordedEvent) in
            (user == nil || event.event.user?.text == user)
                && (type == nil || event.event.type.rawValue == type)
        }
        do throws(LedgerError) {
            var tail = try JournalTail(settings)
            guard let after else {
                try printLast(10, from: &tail, where: matches)
                if follows { try follow(&tail, where: matches) }
                return ExitCode.done
            }
            guard let position = Int64(after), position >= 0 else {
                throw LedgerError.journal("--after is \"\(after)\"; allowed: a position")
            }
            try tail.forEachNew { event, line in
                if event.position.value > position, matches(event) { Terminal.write(line) }
            }
            if follows { try follow(&tail, where: matches) }
            return ExitCode.done
        } catch { throw LedgerSource.failure(error) }
    }

    private static func printLast(
        _ count: Int, from tail: inout JournalTail, where matches: (RecordedEvent) -> Bool
    ) throws(LedgerError) {
        var last: [[UInt8]] = []
        try tail.forEachNew { event, line in
            guard matches(event) else { return }
            last.append(line)
            if last.count > count { last.removeFirst() }
        }
        for line in last { Terminal.write(line) }
    }

    private static func follow(
        _ tail: inout JournalTail, where matches: (RecordedEvent) -> Bool
    ) throws(LedgerError) {
        let pause = Semaphore()
        while true {
            _ = pause.wait(timeoutMilliseconds: 100)
            try tail.forEachNew { event, line in if matches(event) { Terminal.write(line) } }
        }
    }
}

/// Reads a journal's events as they come, beside its writer.
private struct JournalTail: ~Copyable {
    private var reader: JournalReader

    init(_ settings: Settings) throws(LedgerError) {
        do throws(JournalError) {
            reader = try JournalReader(
                directory: LedgerSource.configuration(settings).logsDirectory, origin: settings.origin)
        } catch { throw .journal("\(error)") }
    }

    /// Hands over each event that is new, and its line with the newline.
    mutating func forEachNew(_ body: (RecordedEvent, [UInt8]) -> Void) throws(LedgerError) {
        while true {
            let line: JournalLine?
            do throws(JournalError) { line = try reader.next() } catch { throw .journal("\(error)") }
            guard let line else { return }
            body(try Replay.decode(line), Array(line.bytes) + [UInt8(ascii: "\n")])
        }
    }
}
