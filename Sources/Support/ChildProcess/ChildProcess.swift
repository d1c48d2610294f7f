import CUV
import EventLoop

/// A child process.
package final class ChildProcess {}
