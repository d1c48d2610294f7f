package import HTTP
import LedgerCore

/// Why an operation on a container was not done.
package enum ContainerRefused: Error, Hashable, Sendable {
    /// No image is configured.
    case noImage
    /// The engine does not have the image.
    case imageMissing(String)
    /// The engine cannot be reached.
    case engineUnreachable(String)
    /// The engine did not answer in time.
    case engineTimedOut
    /// The engine refused or failed.
    case engineRefused(status: Int, message: String)
    /// A container that is not ours has the name.
    case nameTaken(String)
    /// It ended at once.
    case exited(code: Int64?, isOOMKilled: Bool)
    /// Its health check fails.
    case unhealthy
    /// Its health check did not succeed in time.
    case notHealthyInTime
    /// It was removed meanwhile.
    case vanished
    /// There is no such container.
    case unknown
    /// Too many operations wait for this container.
    case handleBusy
    /// Too many operations wait.
    case busy
    /// There are as many containers as there may be.
    case tooMany
    /// The ledger could not record it.
    case ledgerUnavailable
    /// The Platform is shutting down.
    case stopping

    /// What an engine's error means for whoever asked.
    init(_ error: EngineError) {
        switch error {
        case .unreachable(let reason): self = .engineUnreachable(reason)
        case .timedOut: self = .engineTimedOut
        case .notFound(let message), .conflict(let message):
            self = .engineRefused(status: 409, message: message)
        case .refused(let status, let message): self = .engineRefused(status: status, message: message)
        case .malformed(let message): self = .engineRefused(status: 502, message: message)
        case .notRunning: self = .exited(code: nil, isOOMKilled: false)
        }
    }
}

extension ContainerRefused {
    /// The answer for it; `engine` is where the engine is.
    package func problem(engine: String) -> Problem {
        switch self {
        case .noImage:
            Problem(
                status: 503, type: "/problems/no-image", title: "No image is configured",
                detail: "Set PLATFORM_IMAGE to the image that containers run, and start again.")
        case .imageMissing(let image):
            Problem(
                status: 422, type: "/problems/image-missing", title: "The engine does not have the image",
                detail: "PLATFORM_IMAGE is \(image): pull or build it on the engine at \(engine).")
        case .engineUnreachable(let reason):
            Problem(
                status: 503, type: "/problems/engine-unreachable",
                title: "The container engine cannot be reached",
                detail: "DOCKER_HOST is \(engine): \(reason). Start the engine, or correct the address.")
        case .engineTimedOut:
            Problem(
                status: 503, type: "/problems/engine-timeout",
                title: "The container engine did not answer in time",
                detail: "Look at the engine at DOCKER_HOST \(engine), and ask again.")
        case .engineRefused(let status, let message):
            Problem(
                status: (400..<500).contains(status) ? 422 : 502, type: "/problems/engine-refused",
                title: "The container engine refused", detail: "It said: \(message.prefix(500))")
        case .nameTaken(let name):
            Problem(
                status: 409, type: "/problems/name-taken", title: "The name is taken",
                detail: "The engine has a container \(name) that is not this ledger's: remove or rename it, "
                    + "or set another PLATFORM_CONTAINER_PREFIX.")
        case .exited, .unhealthy, .notHealthyInTime, .vanished: notUp
        default: notNow
        }
    }

    /// How long to wait before asking again; nil: that alone does not help.
    package var retryAfterSeconds: Int? {
        switch self {
        case .engineUnreachable, .engineTimedOut: 5
        case .handleBusy, .busy, .ledgerUnavailable, .stopping: 1
        default: nil
        }
    }

    private var notUp: Problem {
        var detail = "Its health check failed: look at its logs."
        switch self {
        case .exited(let code, let isOOMKilled):
            let status = code.map { " with status \($0)" } ?? ""
            detail =
                isOOMKilled
                ? "It needed more memory than PLATFORM_MEMORY_LIMIT allows."
                : "It ended\(status): PLATFORM_COMMAND, or the image's own command, must go on running."
        case .notHealthyInTime: detail = "Its health check did not succeed in time: look at its logs."
        case .vanished: detail = "Somebody removed it meanwhile: provision it again."
        default: break
        }
        return Problem(
            status: 422, type: "/problems/container-not-up", title: "The container does not run",
            detail: detail)
    }

    private var notNow: Problem {
        switch self {
        case .unknown:
            Problem(
                status: 404, type: "/problems/no-container", title: "No such container",
                detail: "Nothing is provisioned under this handle.")
        case .handleBusy:
            Problem(
                status: 409, type: "/problems/container-busy", title: "The container is busy",
                detail: "Too many operations wait for it already.")
        case .busy:
            Problem(
                status: 503, type: "/problems/platform-busy", title: "Too many operations wait",
                detail: "Ask again in a moment.")
        case .tooMany:
            Problem(
                status: 422, type: "/problems/too-many-containers", title: "There are too many containers",
                detail: "The ledger keeps \(LedgerState.containersMax) at most: destroy some.")
        case .stopping:
            Problem(
                status: 503, type: "/problems/stopping", title: "The Platform is shutting down",
                detail: "Ask again once it is back.")
        default:
            Problem(
                status: 503, type: "/problems/ledger-unavailable", title: "The ledger cannot be written",
                detail: "Nothing stays that is not recorded. See /health.")
        }
    }
}
