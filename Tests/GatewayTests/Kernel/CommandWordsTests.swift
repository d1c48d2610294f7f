import Gateway
import HTTP
import LedgerCore
import Testing

@Suite("CommandWords")
struct CommandWordsTests {
    static let texts: [(String, [String]?)] = [
        ("", []), ("  ", []), ("a b\tc", ["a", "b", "c"]), ("'a b'c", ["a bc"]), ("\"a 'b'\"", ["a 'b'"]),
        (#"a\ b"#, ["a b"]), (#""a\"b\\c\d""#, [#"a"b\c\d"#]), (#"'a\'"#, [#"a\"#]), ("'' x", ["", "x"]),
        ("$HOME *.txt ~ | x", ["$HOME", "*.txt", "~", "|", "x"]), ("'a", nil), ("\"a", nil), (#"a\"#, nil),
        (#""a\"#, nil),
    ]

    @Test("Splits as a shell does, and expands nothing", arguments: texts)
    func splits(_ text: String, _ words: [String]?) { #expect(CommandWords.split(text) == words) }
}

@Suite("KernelEnvironment")
struct KernelEnvironmentTests {
    @Test("Nothing that holds a secret of the house is passed on")
    func inherited() {
        for name in KernelEnvironment.inheritedNames {
            #expect(!name.contains("KEY") && !name.contains("TOKEN") && !name.hasPrefix("LEDGER_"))
        }
        let variables = KernelEnvironment.variables(
            for: KernelHarness.task(),
            inherited: ["OPENAI_API_KEY": "sk-house", "LEDGER_HOME": "/x", "TZ": "UTC"])
        #expect(variables["OPENAI_API_KEY"] == "sk-proxy-alice.secret")
        #expect(variables["LEDGER_HOME"] == nil)
        #expect(variables["TZ"] == "UTC")
        #expect(variables["DISPATCH_MODEL"] == nil)
        #expect(
            variables["ANTHROPIC_CUSTOM_HEADERS"]
                == "x-dispatch-id: 01930000-0000-7000-8000-000000000001\nx-session-id: s-1")
    }

    @Test("The trace of a run is told to its agent, and sent with each of its calls")
    func trace() throws {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let trace = try #require(TraceParent(["traceparent": text]))
        let variables = KernelEnvironment.variables(for: KernelHarness.task(trace: trace), inherited: [:])
        #expect(variables["TRACEPARENT"] == text)
        #expect(variables["ANTHROPIC_CUSTOM_HEADERS"]?.hasSuffix("\ntraceparent: \(text)") == true)
    }
}
