import CCurl

extension HTTPClientError {
    /// What `code` means for the transfer on `easy`; call it before the handle is unloaded.
    init(_ code: CURLcode, on easy: EasyHandle) {
        let text = easy.failureText
        let reason = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        let detail = Detail(reason, easy.progress)
        if let violation = easy.violation {
            self = .badResponse(Detail(violation, .answered))
            return
        }
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .resolve(detail)
        case CURLE_COULDNT_CONNECT: self = .connect(detail)
        case CURLE_OPERATION_TIMEDOUT:
            self = .timeout(easy.attempts == 0 ? .connect : .total, detail)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_CLIENTCERT:
            self = .tls(detail)
        case CURLE_SEND_ERROR: self = .sendFailed(detail)
        case CURLE_RECV_ERROR, CURLE_GOT_NOTHING: self = .receiveFailed(detail)
        case CURLE_ABORTED_BY_CALLBACK:
            self = .receiveFailed(Detail("two connections closed without an answer", .sent))
        case CURLE_PARTIAL_FILE: self = .truncated(detail)
        case CURLE_HTTP2, CURLE_HTTP2_STREAM:
            self = easy.hasHead ? .truncated(detail) : .receiveFailed(detail)
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_FILESIZE_EXCEEDED:
            self = .badResponse(Detail(reason, .answered))
        case CURLE_UNSUPPORTED_PROTOCOL:
            // Also what libcurl says of an answer without a status line, "HTTP/0.9".
            self = easy.attempts > 0 ? .badResponse(Detail(reason, .answered)) : .badURL(detail)
        case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED: self = .badURL(detail)
        default: self = .other(code: Int32(bitPattern: code.rawValue), detail)
        }
    }
}
