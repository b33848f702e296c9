#pragma once
// Linux calls that Swift's Glibc module hides (they need _GNU_SOURCE) or cannot import (macros).
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static inline int replaycache_syncfs(int descriptor) { return (int)syscall(SYS_syncfs, descriptor); }

static inline int replaycache_rename_noreplace(int from, const char *old_name, int to, const char *new_name) {
    const unsigned int noreplace = 1;  // RENAME_NOREPLACE of linux/fs.h
    return (int)syscall(SYS_renameat2, from, old_name, to, new_name, noreplace);
}

// f_type of statfs(2), 0 when it cannot be told.
static inline unsigned long replaycache_file_system_type(const char *path) {
    struct statfs status;
    return statfs(path, &status) == 0 ? (unsigned long)status.f_type & 0xFFFFFFFFul : 0;
}

static const long replaycache_utime_omit = (1l << 30) - 2l;  // UTIME_OMIT of bits/stat.h
