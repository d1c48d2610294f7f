/// What names one model call: the same in each event of its life.
package struct CallIdentity: Hashable, Sendable {
    /// The call's own identifier, made here: a provider's identifiers are not unique.
    package let callID: UniqueID
    /// Who pays.
    package let user: UserID
    /// The part of the platform that it came through (`proxy`).
    package let source: String
    /// The provider's name.
    package let provider: String
    /// The model asked for; empty when the request named none.
    package let model: String
    /// The kind of API (`messages`, `chat_completions`, …).
    package let api: String
    /// The agent run that it belongs to, as the client says.
    package let dispatchID: String?
    /// The conversation that it belongs to, as the client says.
    package let sessionID: String?
    /// Where its client says that it is not the first try of a request.
    package let retry: CallRetry?

    /// Creates an identity.
    package init(
        callID: UniqueID, user: UserID, source: String, provider: String, model: String, api: String,
        dispatchID: String? = nil, sessionID: String? = nil, retry: CallRetry? = nil
    ) {
        self.callID = callID
        self.user = user
        self.source = source
        self.provider = provider
        self.model = model
        self.api = api
        self.dispatchID = dispatchID
        self.sessionID = sessionID
        self.retry = retry
    }

    /// Whether it is known what the API does with the model.
    package var isKnownAPI: Bool { api != "other" }
}

/// A worst-case hold on a user's budget.
package struct CallReserved: Hashable, Sendable {
    /// The call.
    package let call: CallIdentity
    /// At most what the call can cost.
    package let reserved: Money
    /// At most the tokens that it can use.
    package let reservedTokens: Int64
    /// The price book that the bound was worked out with.
    package let priceBook: String
    /// Whether the book knows the model.
    package let isPriced: Bool

    var user: UserID { call.user }

    /// Creates the event.
    package init(
        call: CallIdentity, reserved: Money, reservedTokens: Int64, priceBook: String, isPriced: Bool
    ) {
        self.call = call
        self.reserved = reserved
        self.reservedTokens = reservedTokens
        self.priceBook = priceBook
        self.isPriced = isPriced
    }
}

/// The end of a call.
package struct CallSettled: Hashable, Sendable {
    /// The call; ``CallIdentity/model`` is the model that answered.
    package let call: CallIdentity
    /// The model asked for, where another answered.
    package var requestModel: String?
    /// How it ended.
    package var result: CallResult
    /// The HTTP status that the provider answered with; 0: none came.
    package var status: Int64
    /// What it used.
    package var usage: Usage
    /// Where the usage comes from.
    package var usageSource: UsageSource
    /// Whether the provider's figures contradict each other.
    package var usageInconsistent: Bool
    /// Its price, or why there is none.
    package var cost: Cost
    /// What stands for fees of tools that no price covers: a part of ``cost``; nil: no such tool was run.
    package var fees: Money?
    /// The price book.
    package var priceBook: String
    /// What the provider says of the tier that served it.
    package var serviceTier: String?
    /// What it says of the speed that was billed (`fast`).
    package var speed: String?
    /// Where it says that inference ran.
    package var inferenceGeo: String?
    /// The usage by model, where the answer is the work of several; Σ parts = ``usage``.
    package var parts: [UsagePart]
    /// The provider's identifier of the answer.
    package var providerRequestID: String?
    /// From the request's arrival to the last byte from the provider.
    package var durationMilliseconds: Int64
    /// What the user asked, cut short or hashed as configured.
    package var prompt: String?
    /// The names of the tools that the answer calls.
    package var toolsUsed: [String]

    /// Creates the event.
    package init(
        call: CallIdentity, requestModel: String? = nil, result: CallResult, status: Int64,
        usage: Usage = Usage(),
        usageSource: UsageSource, usageInconsistent: Bool = false, cost: Cost, fees: Money? = nil,
        priceBook: String, serviceTier: String? = nil, speed: String? = nil, inferenceGeo: String? = nil,
        parts: [UsagePart] = [], providerRequestID: String? = nil, durationMilliseconds: Int64,
        prompt: String? = nil, toolsUsed: [String] = []
    ) {
        self.call = call
        self.requestModel = requestModel
        self.result = result
        self.status = status
        self.usage = usage
        self.usageSource = usageSource
        self.usageInconsistent = usageInconsistent
        self.cost = cost
        self.fees = fees
        self.priceBook = priceBook
        self.serviceTier = serviceTier
        self.speed = speed
        self.inferenceGeo = inferenceGeo
        self.parts = parts
        self.providerRequestID = providerRequestID
        self.durationMilliseconds = durationMilliseconds
        self.prompt = prompt
        self.toolsUsed = toolsUsed
    }
}

/// How a call ended.
package enum CallResult: String, CaseIterable, Sendable {
    /// The provider answered in full.
    case ok
    /// The provider refused, failed or broke off.
    case error
    /// The client left before the end.
    case aborted
}

/// A refusal before the request was sent.
package struct CallRejected: Hashable, Sendable {
    /// The call.
    package let call: CallIdentity
    /// Which limit refused it.
    package let limit: QuotaLimit
    /// What the call would have reserved.
    package let requested: Money
    /// The tokens that it would have reserved.
    package let requestedTokens: Int64

    var user: UserID { call.user }

    /// Creates the event.
    package init(call: CallIdentity, limit: QuotaLimit, requested: Money, requestedTokens: Int64) {
        self.call = call
        self.limit = limit
        self.requested = requested
        self.requestedTokens = requestedTokens
    }
}

/// The end of a reservation whose call never reported back.
///
/// The request may have been served and billed, so the reserved amount counts as spent, marked
/// ``CostState/estimated``.
package struct CallExpired: Hashable, Sendable {
    /// The call.
    package let call: CallIdentity
    /// The reserved amount.
    package let cost: Cost
    /// Why it ended.
    package let reason: ExpiryReason

    var user: UserID { call.user }

    /// Creates the event.
    package init(call: CallIdentity, cost: Cost, reason: ExpiryReason) {
        self.call = call
        self.cost = cost
        self.reason = reason
    }
}

/// Why a reservation expired.
package enum ExpiryReason: String, CaseIterable, Sendable {
    /// The process that held it ended.
    case restart
}
