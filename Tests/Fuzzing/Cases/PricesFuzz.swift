import LedgerCore
import LedgerRuntime

/// A price book is refused with a place and a reason, or each of its models can be found and priced.
enum PricesFuzz {
    static func complaint(about bytes: [UInt8]) -> String? {
        let book: PriceBook
        do throws(PriceBookFileError) { book = try PriceBookFile.parse(bytes, file: "fuzz") } catch {
            return error.reason.isEmpty ? "refused without a reason" : nil
        }
        var usage = Usage()
        usage.input = 1
        usage.output = 1
        for model in book.models.prefix(16) {
            guard book.model(model.name, provider: model.provider) != nil else {
                return "\(model.name) is in the book and is not found"
            }
            guard let from = model.periods.first?.from else { return "\(model.name) has no price" }
            let pricing = Pricing(book: book, provider: model.provider, time: from)
            // Whether there is a rate for both is the book's affair: it must not stop the program.
            _ = try? pricing.cost(
                of: [UsagePart(model: model.name, usage: usage)], modifiers: Set(PriceModifier.allCases))
        }
        return nil
    }
}
