import LedgerCore
import LedgerRuntime

/// What is kept of a run while it lasts: its answer and its tools, both bounded.
struct RunTally {
    private(set) var text = ""
    private(set) var toolsUsed: [String] = []
    private(set) var toolInputs: [String] = []
    private let textBytesMax: Int
    private let prompts: PromptPolicy

    static let toolsMax = 100

    init(textBytesMax: Int, prompts: PromptPolicy) {
        self.textBytesMax = textBytesMax
        self.prompts = prompts
    }

    mutating func add(_ event: KernelEvent) {
        switch event {
        case .ready: break
        case .text(let piece):
            guard text.utf8.count < textBytesMax else { return }
            text += piece
        case .tool(let name, let input):
            guard toolsUsed.count < Self.toolsMax else { return }
            toolsUsed.append(name.cut(charactersMax: 128))
            if let recorded = prompts.recorded(input) { toolInputs.append(recorded) }
        }
    }

    /// Takes the answer that the kernel repeats at its end, where it sent no pieces.
    mutating func end(with whole: String?) {
        guard text.isEmpty, let whole else { return }
        text = whole.utf8.count <= textBytesMax ? whole : whole.prefix(scalarsMax: textBytesMax / 4)
    }
}
