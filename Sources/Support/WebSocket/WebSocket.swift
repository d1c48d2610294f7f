import CWslay
import HTTP

/// A WebSocket.
package final class WebSocket {}
