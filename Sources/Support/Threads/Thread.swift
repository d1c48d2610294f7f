import CPlatform

/// Starts one named POSIX thread that runs `body` to its end.
///
/// - Throws: ``ThreadError`` when the system refuses another thread.
package struct Thread: Sendable {
    private let id: pthread_t

    /// Starts the thread; `name` is cut to 15 bytes, as the kernel does.
    ///
    /// In the background it works when no other wants the processor.
    package init(
        named name: String, inBackground isBackground: Bool = false, _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) {
        let start = Unmanaged.passRetained(Start(name: name, isBackground: isBackground, body: body))
        var id = pthread_t()
        let code = pthread_create(
            &id, nil,
            { raw in
                guard let raw else { return nil }
                let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
                platform_name_this_thread(start.name)
                if start.isBackground { platform_lower_this_thread() }
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw .refused(errno: code)
        }
        self.id = id
    }

    /// Waits until the thread has ended.
    ///
    /// Call it once.
    package func join() { pthread_join(id, nil) }

    /// Lets the thread end by itself, with nobody waiting.
    ///
    /// Call it once, instead of ``join()``.
    package func detach() { pthread_detach(id) }

    /// Whether the caller runs on this thread.
    package var isCurrent: Bool { pthread_equal(id, pthread_self()) != 0 }
}

/// Why a thread could not start.
package enum ThreadError: Error, Hashable {
    /// `pthread_create` failed with this error number.
    case refused(errno: Int32)
}

/// What a new thread is handed: retained until it starts.
private final class Start: Sendable {
    let name: String
    let isBackground: Bool
    let body: @Sendable () -> Void

    init(name: String, isBackground: Bool, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.isBackground = isBackground
        self.body = body
    }
}
