#pragma once
#include <curl/curl.h>

// Swift cannot call variadic functions.
static inline CURLcode replaycache_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode replaycache_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode replaycache_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode replaycache_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
typedef size_t (*replaycache_curl_data_callback)(char *, size_t, size_t, void *);
static inline CURLcode replaycache_curl_set_data_callback(CURL *easy, CURLoption option,
                                                          replaycache_curl_data_callback value) {
    return curl_easy_setopt(easy, option, value);
}
typedef int (*replaycache_curl_seek_callback)(void *, curl_off_t, int);
static inline CURLcode replaycache_curl_set_seek_callback(CURL *easy, replaycache_curl_seek_callback value) {
    return curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, value);
}
static inline CURLcode replaycache_curl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode replaycache_curl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode replaycache_curl_get_private(CURL *easy, void **value) {
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, value);
}
static inline CURLMcode replaycache_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
typedef int (*replaycache_curl_socket_callback)(CURL *, curl_socket_t, int, void *, void *);
typedef int (*replaycache_curl_timer_callback)(CURLM *, long, void *);
static inline CURLMcode replaycache_curl_multi_set_callbacks(CURLM *multi, replaycache_curl_socket_callback socket,
                                                             replaycache_curl_timer_callback timer, void *data) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, data);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, data);
    return code;
}
// The build's own certificates; a macro that Swift does not see tells the version of the structure.
static inline const char *replaycache_curl_certificate_file(void) {
    return curl_version_info(CURLVERSION_NOW)->cainfo;
}
