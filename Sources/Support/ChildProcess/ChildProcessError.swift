import CUV

/// Why a process could not be started.
package enum ChildProcessError: Error, Hashable, Sendable {
    /// There is no such program.
    case noProgram(String)
    /// The program may not be executed.
    case notExecutable(String)
    /// The working directory is not there, or is none.
    case noDirectory(String)
    /// An argument, a variable or a path holds a NUL, or a variable has no name.
    case badText(String)
    /// Arguments and environment are larger than the system takes.
    case tooLarge
    /// This process has no descriptors left.
    case noDescriptors
    /// The system takes no further process, or has no memory for one.
    case noResources
    /// Anything else, with libuv's (negative) code.
    case other(code: Int32)

    /// What failed and what to do, for people.
    package var reason: String {
        switch self {
        case .noProgram(let name):
            "no program \(name): install it, give its whole path, or put its directory into PATH"
        case .notExecutable(let name): "\(name) may not be executed: check its mode (chmod +x) and its owner"
        case .noDirectory(let path): "the working directory \(path) is not there: create it"
        case .badText(let what): "\(what) holds a NUL byte, or is a variable without a name"
        case .tooLarge: "arguments and environment are larger than the system takes"
        case .noDescriptors: "no file descriptor is free: raise the limit (ulimit -n), or run less at a time"
        case .noResources: "the system takes no further process: free memory, or raise the limit (ulimit -u)"
        case .other(let code): String(cString: uv_strerror(code))
        }
    }

    /// Reads libuv's code for a failure to run `request`.
    init(_ code: Int32, running request: ChildProcessRequest) {
        switch code {
        case UV_ENOENT.rawValue, UV_ENOTDIR.rawValue, UV_EACCES.rawValue, UV_EPERM.rawValue,
            UV_ELOOP.rawValue:
            // The same codes tell of the directory: libuv changes into it first.
            if let directory = request.workingDirectory, !Self.isDirectory(directory) {
                self = .noDirectory(directory)
            } else if code == UV_EACCES.rawValue || code == UV_EPERM.rawValue {
                self = .notExecutable(request.program)
            } else {
                self = .noProgram(request.program)
            }
        case UV_E2BIG.rawValue: self = .tooLarge
        case UV_EMFILE.rawValue, UV_ENFILE.rawValue: self = .noDescriptors
        case UV_EAGAIN.rawValue, UV_ENOMEM.rawValue: self = .noResources
        default: self = .other(code: code)
        }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var request = uv_fs_t()
        // Without a callback libuv asks at once; 1 is X_OK, and only a directory has a `.`.
        let code = uv_fs_access(nil, &request, path + "/.", 1, nil)
        uv_fs_req_cleanup(&request)
        return code == 0
    }
}
