package import EventLoop
package import Files
package import HTTP
package import Threads

/// Why the simulator did not start.
package enum SimulatorError: Error, Hashable, CustomStringConvertible {
    /// The record file cannot be opened for appending.
    case record(FileError)
    /// The address is wrong or taken.
    case listen(HTTPServerError)
    /// There is no event loop.
    case loop(EventLoopError)
    /// There is no thread for the loop.
    case thread(ThreadError)

    package var description: String {
        switch self {
        case .record(let error): "cannot write the record of calls: \(error)"
        case .listen(let error): "cannot listen: \(error)"
        case .loop(let error): "cannot make an event loop: \(error.reason)"
        case .thread(let error): "cannot start a thread: \(error)"
        }
    }
}
