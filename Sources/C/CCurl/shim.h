#pragma once
#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

// curl_easy_setopt, curl_multi_setopt and curl_easy_getinfo are variadic, which Swift does not import: one
// typed function for each kind of argument. The parentheses keep curl's type-checking macros away.
static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return (curl_easy_setopt)(easy, option, value);
}
static inline CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(easy, option, value);
}
static inline CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) {
    return (curl_easy_setopt)(easy, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return (curl_easy_setopt)(easy, option, value);
}
static inline CURLcode ccurl_set_write(CURL *easy, CURLoption option, curl_write_callback value) {
    return (curl_easy_setopt)(easy, option, value);
}
static inline CURLcode ccurl_set_prerequest(CURL *easy, curl_prereq_callback value) {
    return (curl_easy_setopt)(easy, CURLOPT_PREREQFUNCTION, value);
}
static inline CURLcode ccurl_set_socket_opened(CURL *easy, curl_sockopt_callback value) {
    return (curl_easy_setopt)(easy, CURLOPT_SOCKOPTFUNCTION, value);
}
static inline CURLcode ccurl_set_socket_close(CURL *easy, curl_closesocket_callback value) {
    return (curl_easy_setopt)(easy, CURLOPT_CLOSESOCKETFUNCTION, value);
}
static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO name, long *value) {
    return (curl_easy_getinfo)(easy, name, value);
}
static inline CURLcode ccurl_get_size(CURL *easy, CURLINFO name, curl_off_t *value) {
    return (curl_easy_getinfo)(easy, name, value);
}
static inline CURLcode ccurl_get_pointer(CURL *easy, CURLINFO name, void **value) {
    return (curl_easy_getinfo)(easy, name, value);
}
static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}
static inline CURLMcode ccurl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return (curl_multi_setopt)(multi, option, value);
}
static inline CURLMcode ccurl_multi_set_socket(CURLM *multi, curl_socket_callback value) {
    return (curl_multi_setopt)(multi, CURLMOPT_SOCKETFUNCTION, value);
}
static inline CURLMcode ccurl_multi_set_timer(CURLM *multi, curl_multi_timer_callback value) {
    return (curl_multi_setopt)(multi, CURLMOPT_TIMERFUNCTION, value);
}

// The result of a finished transfer sits in a union.
static inline CURLcode ccurl_message_result(const CURLMsg *message) { return message->data.result; }

// curl opens its sockets without close-on-exec; a child process would hold an upstream's connection open.
// fcntl is variadic too.
static inline int ccurl_close_on_exec(int socket) { return fcntl(socket, F_SETFD, FD_CLOEXEC); }
static inline int ccurl_close(int socket) { return close(socket); }

// curl's global initialisation, and no death by SIGPIPE when TLS writes to a closed connection (curl is told
// not to touch signals itself). A handler that someone else installed stays.
static inline int ccurl_global_init(void) {
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
    return (int)curl_global_init(CURL_GLOBAL_ALL);
}
