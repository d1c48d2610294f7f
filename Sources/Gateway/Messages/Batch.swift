import HTTP
import JSON

/// Several runs asked for together: each is let in, run and recorded by itself; one answer holds them all.
///
/// Loop thread only.
final class Batch {
    private let exchange: HTTPExchange
    private var outcomes: [DispatchOutcome?] = []
    private var left = 0

    init(_ exchange: HTTPExchange) { self.exchange = exchange }

    func run(_ requests: [DispatchRequest], at desk: any DispatchDesk) {
        outcomes = Array(repeating: nil, count: requests.count)
        left = requests.count
        let handles = requests.enumerated().map { index, request in
            desk.submit(request, DispatchHandlers(onEvent: { _ in }) { self.ended(index, $0) })
        }
        exchange.onDisconnect = { for handle in handles { handle.abort() } }
        exchange.requireClient()
    }

    private func ended(_ index: Int, _ outcome: DispatchOutcome) {
        outcomes[index] = outcome
        left -= 1
        if left == 0 { answer() }
    }

    private func answer() {
        let body = JSONText.object { json in
            json.key("results")
            json.array { json in
                for outcome in outcomes {
                    switch outcome {
                    case .completed(let event, let text, let message):
                        json.object { DispatchJSON.writeResult(event, text: text, message: message, to: &$0) }
                    case .refused(let refused): json.raw(refused.problem.body)
                    case nil: json.null()
                    }
                }
            }
        }
        exchange.respond(status: 200, headers: ["content-type": "application/json"], body: body)
    }
}
