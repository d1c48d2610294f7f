import LedgerCore
import LedgerRuntime
import Logging
import Metrics
import Wire

extension ProxyService {
    /// What works out reservations of calls made at `time`.
    func admission(at time: Timestamp) -> Admission {
        var admission = Admission(prices: ledger.prices, time: time)
        if case .reserve(let amount) = configuration.unknownModels { admission.unknownReserve = amount }
        return admission
    }

    /// The answer to a call that cannot be priced, where such calls are refused: its model has no price, or
    /// it names none.
    func refusal(of request: CallRequest, _ route: APIRoute, _ admission: Admission) -> ProviderFailure? {
        guard configuration.unknownModels == .deny else { return nil }
        metrics.refused["unknown_model"].increment()
        guard let name = admission.unknownModel(of: request, route) else {
            log.warning("a call that names no model is refused", onceEvery: 10)
            return .notFound(
                "The request names no one model that has a price here, and such calls are refused; nothing "
                    + "was sent. Name a model that has one, or ask the operator to admit such calls.")
        }
        let model = name.cleanName(bytesMax: 256)
        log.warning("a call to a model without a price is refused", ["model": model], onceEvery: 10)
        return .notFound(
            "The model \"\(model)\" has no price here, and such calls are refused; nothing was sent. "
                + "Use a model that has one, or ask the operator to add it to the price book.")
    }

    /// Counts an answer from another model than the one that was asked for: its price is another.
    func noteFamily(of event: CallSettled) {
        guard let families = ModelFamilies(event, in: ledger.prices), families.differ else { return }
        metrics.familyMismatch[event.call.provider, families.requestLabel, families.responseLabel]
            .increment()
        log.warning(
            "another model answered than was asked for",
            [
                "call": event.call.callID.text, "requested": event.requestModel ?? "",
                "answered": event.call.model,
            ], onceEvery: 10)
    }
}
