#pragma once
// Linux calls that Swift's Glibc module hides or cannot import (macros).
//
// No _GNU_SOURCE here: it changes types such as fd_set, which another module then has with another definition.
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
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

// epoll(7) with a descriptor in each event: the structure is packed, which Swift does not import everywhere.
static inline int replaycache_epoll_set(int epoll, int descriptor, int adds, int reads, int writes) {
    struct epoll_event event = {.events = (reads ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u)};
    event.data.fd = descriptor;
    return epoll_ctl(epoll, adds ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event);
}

struct replaycache_ready {
    int descriptor;
    unsigned char reads, writes, fails;
};

// At most `capacity` (64 at the most) events; -1 after an interrupt too.
static inline int replaycache_epoll_wait(int epoll, struct replaycache_ready *ready, int capacity, int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, capacity < 64 ? capacity : 64, milliseconds);
    for (int index = 0; index < count; index++) {
        unsigned int bits = events[index].events;
        ready[index].descriptor = events[index].data.fd;
        ready[index].reads = (bits & (EPOLLIN | EPOLLHUP)) != 0;
        ready[index].writes = (bits & EPOLLOUT) != 0;
        ready[index].fails = (bits & EPOLLERR) != 0;
    }
    return count;
}

// Lets a stretch of one file share the blocks of the same stretch of another, once the kernel has found the bytes equal
// (ioctl_fideduperange(2)). How many bytes do; -2 when they differ, -1 with errno when it cannot be done.
static inline long long replaycache_share_blocks(int source, int target, unsigned long long offset,
                                                 unsigned long long length) {
    struct {
        unsigned long long source_offset, length;
        unsigned short count, reserved1;
        unsigned int reserved2;
        long long target;
        unsigned long long target_offset, shared;
        int status;
        unsigned int reserved3;
    } range = {.source_offset = offset, .length = length, .count = 1, .target = target, .target_offset = offset};
    const unsigned long fideduperange = 0xC0189436ul;  // FIDEDUPERANGE of linux/fs.h
    if (syscall(SYS_ioctl, source, fideduperange, &range) != 0) return -1;
    if (range.status == 1) return -2;  // FILE_DEDUPE_RANGE_DIFFERS
    if (range.status < 0) {
        errno = -range.status;
        return -1;
    }
    return (long long)range.shared;
}

static const long replaycache_utime_omit = (1l << 30) - 2l;  // UTIME_OMIT of bits/stat.h
