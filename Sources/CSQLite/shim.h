#pragma once
#include <sqlite3.h>

// Swift cannot call variadic functions, nor see a macro that casts to a function pointer.
static inline int replaycache_sqlite3_db_config_bool(sqlite3 *db, int option, int on) {
    return sqlite3_db_config(db, option, on, (int *)0);
}
static inline int replaycache_sqlite3_bind_text(sqlite3_stmt *s, int i, const char *text, sqlite3_uint64 n) {
    return sqlite3_bind_text64(s, i, text, n, SQLITE_TRANSIENT, SQLITE_UTF8);
}
static inline int replaycache_sqlite3_bind_blob(sqlite3_stmt *s, int i, const void *bytes, sqlite3_uint64 n) {
    return sqlite3_bind_blob64(s, i, bytes, n, SQLITE_TRANSIENT);
}
static inline void replaycache_result_text(sqlite3_context *c, const char *text, int n) {
    sqlite3_result_text(c, text, n, SQLITE_TRANSIENT);
}
