/// What names one container: the same in each event of its life.
package struct ContainerIdentity: Hashable, Sendable {
    /// The platform's name for it: see ``ContainerHandle``.
    package let handle: ContainerHandle
    /// Whose it is: its calls are this user's.
    package let user: UserID
    /// The engine's identifier.
    package let containerID: String
    /// The image that it runs.
    package let image: String

    /// Creates an identity.
    package init(handle: ContainerHandle, user: UserID, containerID: String, image: String) {
        self.handle = handle
        self.user = user
        self.containerID = containerID
        self.image = image
    }
}

/// A container's name on the platform, which is also its user's.
///
/// 1 to 32 of `a–z 0–9 -`, beginning and ending in a letter or digit: it can stand in a host name, in a path
/// and in a label.
package struct ContainerHandle: Hashable, Comparable, Sendable {
    /// The name.
    package let text: String

    /// Checks `text`; nil when it is not a handle.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (1...32).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
            bytes.last != UInt8(ascii: "-"),
            bytes.allSatisfy({ byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            })
        else { return nil }
        self.text = text
    }

    package static func < (left: ContainerHandle, right: ContainerHandle) -> Bool { left.text < right.text }
}

/// Something happened to a container.
package struct ContainerChanged: Hashable, Sendable {
    /// The container.
    package let container: ContainerIdentity
    /// What happened.
    package let change: ContainerChange
    /// Why: a stable word (`request`, `reconcile`, `exit`, `failed`).
    package let reason: String
    /// The status that it exited with.
    package var exitCode: Int64?
    /// How long the change took, where it was asked for.
    package var durationMilliseconds: Int64?
    /// Its limit of memory.
    package var memoryLimitBytes: Int64?
    /// Its limit of processor time, in thousandths of a core.
    package var cpuLimitMillicores: Int64?

    /// Creates the event.
    package init(
        container: ContainerIdentity, change: ContainerChange, reason: String, exitCode: Int64? = nil,
        durationMilliseconds: Int64? = nil, memoryLimitBytes: Int64? = nil, cpuLimitMillicores: Int64? = nil
    ) {
        self.container = container
        self.change = change
        self.reason = reason
        self.exitCode = exitCode
        self.durationMilliseconds = durationMilliseconds
        self.memoryLimitBytes = memoryLimitBytes
        self.cpuLimitMillicores = cpuLimitMillicores
    }
}

/// What can happen to a container; events are called `container.` and this.
package enum ContainerChange: String, CaseIterable, Sendable {
    /// It was created and started.
    case provisioned
    /// It runs again.
    case started
    /// It runs no more.
    case stopped
    /// It is gone.
    case destroyed
    /// The kernel ended one of its processes for want of memory.
    case oom
}
