import JSON
import Testing

@testable import Gateway

@Suite("KernelSpec")
struct KernelSpecTests {
    static let good: [(String, KernelSpec)] = [
        (
            "command:claude -p --output-format stream-json --verbose",
            .command(["claude", "-p", "--output-format", "stream-json", "--verbose"])
        ),
        (
            "command: /opt/my\\ agent 'a b' \"c \\\" $HOME\" ''",
            .command(["/opt/my agent", "a b", "c \" $HOME", ""])
        ),
        ("messages:claude-sonnet-5", .messages(model: "claude-sonnet-5")),
        ("http:http://127.0.0.1:7000/run", .http(url: "http://127.0.0.1:7000/run")),
        ("http:https://agents.example", .http(url: "https://agents.example")),
        ("https://agents.example/a?b=c", .http(url: "https://agents.example/a?b=c")),
        ("http://[::1]:80/", .http(url: "http://[::1]:80/")),
    ]

    @Test("Reads each kind", arguments: good)
    func reads(_ text: String, _ spec: KernelSpec) throws { #expect(try KernelSpec(text) == spec) }

    static let bad: [(String, String)] = [
        ("", "is no kernel"), ("claude", "is no kernel"), ("ftp://x", "is no kernel"),
        ("command:", "names no program"), ("command:  ", "names no program"),
        ("command:'claude", "quote"), ("command:claude \\", "backslash"), ("messages:", "names no model"),
        ("messages:a b", "names no model"), ("http:localhost:80", "http:// or https:// URL"),
        ("http://", "without a host"), ("http://:80/", "without a host"), ("http://a b/", "escaped"),
        ("http://user:word@host/", "password"),
    ]

    @Test("Says what is wrong and what is allowed", arguments: bad)
    func refuses(_ text: String, _ words: String) {
        let error = #expect(throws: KernelSpecError.self) { try KernelSpec(text) }
        #expect(error?.message.contains(words) == true)
        #expect(error?.message.contains("command:PROGRAM") == true)
        #expect(error?.message.contains("word@") == false)
    }

    @Test("Makes the kernel that it names")
    func makes() async throws {
        let harness = try KernelHarness()
        for (text, kind) in [("command:true", "command"), ("messages:m", "messages"), ("http://h", "http")] {
            let spec = try KernelSpec(text)
            let made: String = await withCheckedContinuation { done in
                Task {
                    _ = await harness.makeKernel { _, client in
                        let kernel = spec.makeKernel(client: client, inherited: [:], workingDirectory: nil)
                        done.resume(returning: kernel.kind)
                        return kernel
                    }
                }
            }
            #expect(made == kind)
        }
        harness.close()
    }
}

@Suite("KernelWords")
struct KernelWordsTests {
    static let texts: [(String, String)] = [
        (" a\n\tb\u{1B}[31m ", "a b [31m"),
        ("key sk-ant-api03-x_Y.z, \"sk-proxy-a.b\"", "key [key], \"[key]\""),
        ("task-1", "task-1"), ("👨‍👩‍👧", "👨‍👩‍👧"), ("\u{202E}x", "x"),
    ]

    @Test("Makes one line without keys", arguments: texts)
    func cleans(_ text: String, _ clean: String) { #expect(KernelWords.cleaned(text) == clean) }

    @Test("Cuts what is long, a key's half included")
    func cuts() {
        #expect(KernelWords.cleaned(String(repeating: "ä", count: 400)).count == 301)
        #expect(KernelWords.tail(Array("roxy-alice.secret end".utf8), isCut: true) == "end")
        #expect(KernelWords.tail(Array("whole end \u{FFFD}".utf8), isCut: false) == "whole end \u{FFFD}")
    }
}

@Suite("LineSplitter")
struct LineSplitterTests {
    @Test("Gives the same lines however the bytes come", arguments: 1...9)
    func pieces(_ size: Int) {
        var splitter = LineSplitter(lineBytesMax: 5)
        let bytes = Array("ab\n\ncde\r\nfghij\nrest".utf8)
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let isTaken = bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { piece in
                splitter.feed(piece) { lines.append(String(decoding: $0, as: UTF8.self)) }
            }
            #expect(isTaken)
        }
        #expect(lines == ["ab", "", "cde", "fghij"])
        #expect(splitter.remainder == Array("rest".utf8))
    }

    @Test("Refuses a line above the limit", arguments: ["abcdef\n", "abcdef"])
    func limit(_ text: String) {
        var splitter = LineSplitter(lineBytesMax: 5)
        #expect(!Array(text.utf8).withUnsafeBytes { splitter.feed($0) { _ in } })
    }
}

@Suite("ConversationHistory")
struct ConversationHistoryTests {
    @Test("Forgets the oldest turns of a conversation, and the least recent conversation")
    func bounds() {
        var history = ConversationHistory(conversationsMax: 2, bytesMax: 10, turnsMax: 2)
        func say(_ session: String, _ question: String) {
            history.remember(user: "u", sessionID: session, question: question, answer: "a")
        }
        for question in ["1", "2", "3"] { say("s", question) }
        #expect(history.turns(user: "u", sessionID: "s").map(\.question) == ["2", "3"])
        say("s", "12345678")
        #expect(history.turns(user: "u", sessionID: "s").map(\.question) == ["12345678"])
        #expect(history.turns(user: "v", sessionID: "s").isEmpty)
        say("t", "1")
        say("s", "2")
        say("x", "1")
        #expect(history.count == 2)
        #expect(history.turns(user: "u", sessionID: "t").isEmpty)
        say("s", String(repeating: "x", count: 11))
        #expect(history.turns(user: "u", sessionID: "s").isEmpty)
        history.remember(user: "u", sessionID: "s", question: "q", answer: "")
        #expect(history.turns(user: "u", sessionID: "s").isEmpty)
    }
}
