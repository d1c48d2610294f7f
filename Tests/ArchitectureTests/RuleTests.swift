import Testing

/// The rules read source text; this is how well they do.
@Suite("Rules")
struct RuleTests {
    private func code(_ text: String) -> [String] {
        SourceFile(path: "Sources/X/X.swift", text: text).code.map(\.line)
    }

    @Test("Comments and the contents of strings are no code")
    func stripping() {
        #expect(code("let a = \"try! // {\" // as!") == ["let a =  "])
        #expect(code("let a = \"\\\"print(\" + b") == ["let a =  + b"])
        #expect(code("let a = \"\"\"\n  fatalError(\n  \"\"\"\nb").last == "b")
        #expect(code("let a = \"\"\"\n  fatalError(\n  \"\"\"").allSatisfy { !$0.contains("fatalError") })
    }

    @Test("Imports are found in each of their forms")
    func imports() {
        let text = """
            import A
            package import B
            @testable import C
            import struct D.E
            // import F
            let important = "import G"
            """
        let found = SourceFile(path: "Sources/X/X.swift", text: text).imports
        #expect(found.map(\.module) == ["A", "B", "C", "D"])
        #expect(found.map(\.number) == [1, 2, 3, 4])
    }

    @Test("The types that a file declares or extends are found")
    func types() {
        let text = """
            package struct A: ~Copyable {
                enum B { case one }
            }
            extension C.D {}
            """
        #expect(SourceFile(path: "Sources/X/X.swift", text: text).types == ["A", "B", "C"])
    }

    @Test("A function's length counts from its name to its closing brace")
    func functionLengths() {
        let text = """
            protocol P { func unbodied() }
            func a() {
                let text = "}"
            }
            struct S {
                init(
                    x: Int
                ) { if x > 0 {
                    y()
                } }
            }
            """
        let found = SourceFile(path: "Sources/X/X.swift", text: text).functions
        #expect(found.map(\.number) == [2, 6])
        #expect(found.map(\.lines) == [3, 5])
    }
}
