import LedgerCore

/// What was said in the conversations of late, so that each continues where it was.
///
/// Bounded: the least recent conversation goes first, and in each the oldest turns.
package struct ConversationHistory: Sendable {
    /// A question and its answer.
    package struct Turn: Hashable, Sendable {
        /// What the user said.
        package let question: String
        /// What the model said.
        package let answer: String
        /// Their size.
        var bytes: Int { question.utf8.count + answer.utf8.count }
    }

    private let conversationsMax: Int
    private let bytesMax: Int
    private let turnsMax: Int
    private var conversations: [Key: Conversation] = [:]
    private var clock: UInt64 = 0

    private struct Key: Hashable, Sendable {
        let user: String
        let sessionID: String
    }

    private struct Conversation: Sendable {
        var turns: [Turn] = []
        var used: UInt64 = 0
    }

    /// Creates an empty history of at most `conversationsMax` conversations, each of at most `turnsMax`
    /// questions and answers and `bytesMax` bytes.
    package init(conversationsMax: Int = 1_000, bytesMax: Int = 64 << 10, turnsMax: Int = 20) {
        self.conversationsMax = conversationsMax
        self.bytesMax = bytesMax
        self.turnsMax = turnsMax
    }

    /// How many conversations are remembered.
    package var count: Int { conversations.count }

    /// The turns of a user's conversation, oldest first.
    package func turns(user: String, sessionID: String) -> [Turn] {
        conversations[Key(user: user, sessionID: sessionID)]?.turns ?? []
    }

    /// Remembers a question and its answer; neither may be empty.
    ///
    /// - Complexity: linear in the conversations when a new one begins and the limit is reached.
    package mutating func remember(user: String, sessionID: String, question: String, answer: String) {
        guard !question.isEmpty, !answer.isEmpty else { return }
        let key = Key(user: user, sessionID: sessionID)
        var conversation = conversations[key] ?? Conversation()
        conversation.turns.append(Turn(question: question, answer: answer))
        var bytes = conversation.turns.reduce(0) { $0 + $1.bytes }
        while let first = conversation.turns.first,
            bytes > bytesMax || conversation.turns.count > turnsMax
        {
            bytes -= first.bytes
            conversation.turns.removeFirst()
        }
        clock += 1
        conversation.used = clock
        conversations[key] = conversation.turns.isEmpty ? nil : conversation
        guard conversations.count > conversationsMax else { return }
        if let oldest = conversations.min(by: { $0.value.used < $1.value.used }) {
            conversations[oldest.key] = nil
        }
    }
}
