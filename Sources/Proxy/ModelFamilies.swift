import LedgerCore
import LedgerRuntime

/// The model that was asked for and the one that answered, as the price book knows them.
struct ModelFamilies {
    /// The label of the model that was asked for.
    let requestLabel: String
    /// The label of the model that answered.
    let responseLabel: String
    private let request: String
    private let response: String

    /// Reads a settled call; nil when the answer names the model that was asked for, or none.
    init?(_ event: CallSettled, in prices: PriceBook) {
        guard let request = event.requestModel, !request.isEmpty else { return nil }
        self.request = request
        response = event.call.model
        requestLabel = ModelLabel.of(request, provider: event.call.provider, in: prices)
        responseLabel = ModelLabel.of(response, provider: event.call.provider, in: prices)
    }

    /// Whether they are different models, not one model by two of its names.
    ///
    /// A name that the book does not know is taken for the other's when one only adds to the other: a date,
    /// a revision.
    var differ: Bool {
        guard requestLabel == Self.unknown || responseLabel == Self.unknown else {
            return requestLabel != responseLabel
        }
        return !request.hasPrefix(response) && !response.hasPrefix(request)
    }

    private static let unknown = "other"
}
