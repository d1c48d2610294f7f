package import LedgerCore

extension Orchestrator {
    /// Has a container run for `handle`: makes one, starts the one that is stopped, or finds it running.
    ///
    /// `then` says whether it was made now.
    package func provision(
        _ handle: ContainerHandle,
        then: @escaping (Result<(record: ContainerRecord, isNew: Bool), ContainerRefused>) -> Void
    ) {
        enter(handle, refuse: { then(.failure($0)) }) { [self] leave in
            Provision(self, handle) { result in
                then(result)
                leave()
            }.begin()
        }
    }

    /// Starts a container, and waits until it is up; one that runs is fine.
    package func start(
        _ handle: ContainerHandle, then: @escaping (Result<ContainerRecord, ContainerRefused>) -> Void
    ) {
        onKnown(handle, then) { [self] record, done in
            engine.inspect(record.container.containerID) { [self] result in
                switch result {
                case .success(let found) where found.isUp:
                    guard !record.isRunning else { return done(.success(record)) }
                    change(.started, record, reason: "reconcile", done)
                case .success: startAgain(record, done)
                case .failure(let error): fail(error, record, done)
                }
            }
        }
    }

    /// Stops a container; one that is stopped is fine.
    package func stop(
        _ handle: ContainerHandle, then: @escaping (Result<ContainerRecord, ContainerRefused>) -> Void
    ) {
        onKnown(handle, then) { [self] record, done in
            let id = record.container.containerID
            engine.stop(id, graceSeconds: configuration.stopGraceSeconds) { [self] result in
                if case .failure(let error) = result { return fail(error, record, done) }
                engine.inspect(id) { [self] result in
                    if case .failure(let error) = result { return fail(error, record, done) }
                    guard record.isRunning else { return done(.success(record)) }
                    change(.stopped, record, reason: "request", exitCode: try? result.get().exitCode, done)
                }
            }
        }
    }

    /// Removes a container for good.
    package func destroy(
        _ handle: ContainerHandle, then: @escaping (Result<Void, ContainerRefused>) -> Void
    ) {
        enter(handle, refuse: { then(.failure($0)) }) { [self] leave in
            let done = { (result: Result<Void, ContainerRefused>) in
                then(result)
                leave()
            }
            guard let record = record(of: handle) else { return destroyUnknown(handle, done) }
            engine.remove(record.container.containerID) { [self] result in
                switch result {
                case .success, .failure(.notFound):
                    append(.destroyed, record.container, reason: "request", then: done)
                case .failure(let error):
                    noteEngine(error)
                    hint(handle)
                    done(.failure(ContainerRefused(error)))
                }
            }
        }
    }

    /// Starts the stopped container of `record`, waits until it is up, and records it.
    func startAgain(
        _ record: ContainerRecord, _ done: @escaping (Result<ContainerRecord, ContainerRefused>) -> Void
    ) {
        let id = record.container.containerID
        let began = scheduler.nowMilliseconds()
        engine.start(id) { [self] result in
            if case .failure(let error) = result { return fail(error, record, done) }
            ReadinessWait(self, id: id) { [self] result in
                switch result {
                case .success:
                    change(.started, record, reason: "request", since: began, done)
                case .failure(let refused):
                    hint(record.container.handle)
                    done(.failure(refused))
                }
            }.look()
        }
    }

    /// What the ledger does not know may still be ours at the engine.
    private func destroyUnknown(
        _ handle: ContainerHandle, _ done: @escaping (Result<Void, ContainerRefused>) -> Void
    ) {
        engine.inspect(configuration.name(of: handle)) { [self] result in
            guard case .success(let found) = result, found.belongs(to: handle, origin: configuration.origin)
            else {
                if case .failure(let error) = result, error.isOfEngine {
                    noteEngine(error)
                    return done(.failure(ContainerRefused(error)))
                }
                return done(.failure(.unknown))
            }
            engine.remove(found.id) { done($0.mapError { ContainerRefused($0) }) }
        }
    }

    private func onKnown(
        _ handle: ContainerHandle, _ then: @escaping (Result<ContainerRecord, ContainerRefused>) -> Void,
        _ body:
            @escaping (
                ContainerRecord, _ done: @escaping (Result<ContainerRecord, ContainerRefused>) -> Void
            ) -> Void
    ) {
        enter(handle, refuse: { then(.failure($0)) }) { [self] leave in
            let done = { (result: Result<ContainerRecord, ContainerRefused>) in
                then(result)
                leave()
            }
            guard let record = record(of: handle) else { return done(.failure(.unknown)) }
            body(record, done)
        }
    }

    private func change(
        _ change: ContainerChange, _ record: ContainerRecord, reason: String, exitCode: Int64? = nil,
        since: UInt64? = nil, _ done: @escaping (Result<ContainerRecord, ContainerRefused>) -> Void
    ) {
        append(
            change, record.container, reason: reason, exitCode: exitCode,
            durationMilliseconds: since.map { Int64(clamping: scheduler.nowMilliseconds() - $0) }
        ) { [self] result in
            // The engine has done it already: the ledger follows as soon as it can.
            if case .failure = result { hint(record.container.handle) }
            let changed = ContainerRecord(container: record.container, isRunning: change == .started)
            done(result.map { changed })
        }
    }

    private func fail(
        _ error: EngineError, _ record: ContainerRecord,
        _ done: @escaping (Result<ContainerRecord, ContainerRefused>) -> Void
    ) {
        guard case .notFound = error else {
            noteEngine(error)
            hint(record.container.handle)
            return done(.failure(ContainerRefused(error)))
        }
        append(.destroyed, record.container, reason: "reconcile") { _ in done(.failure(.unknown)) }
    }
}

extension EngineError {
    /// Whether it is about the engine itself, not about one container.
    var isOfEngine: Bool {
        switch self {
        case .unreachable, .timedOut, .malformed: true
        case .refused(let status, _): status >= 500
        case .notFound, .conflict, .notRunning: false
        }
    }
}
