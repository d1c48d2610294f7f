/// Whether a usage has told what was read and what was written, over the events that it came in.
///
/// Figures are cumulative: a sum that falls contradicts the one before it. What was read is known from the
/// first event that tells it; what was written only from one at the answer's end.
struct UsageStatement {
    /// Whether the input was told.
    var hasInput = false
    /// Whether the output was told at the answer's end.
    var hasOutput = false
    /// Whether the input was told as less than before.
    private(set) var hasInputFallen = false
    /// Whether the output was told as less than before.
    private(set) var hasOutputFallen = false
    private var input: Int64 = 0
    private var output: Int64 = 0

    /// Notes both sums as they stand after an event; one that falls is noted in `count` too.
    mutating func note(input: Int64, output: Int64, _ count: inout WireCount) {
        hasInputFallen = hasInputFallen || input < self.input
        hasOutputFallen = hasOutputFallen || output < self.output
        count.expect(input >= self.input && output >= self.output)
        self.input = input
        self.output = output
    }
}
