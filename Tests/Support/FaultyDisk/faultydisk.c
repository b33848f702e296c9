// A disk that fails, for LD_PRELOAD: counts the file operations of a process below some folders, and lets the n-th fail,
// or ends the process there, or takes the power away there. Built and used by `FaultyDisk.swift`.
//
//   FAULTYDISK_FOLDERS  absolute paths without links, joined by ':'; operations elsewhere pass
//   FAULTYDISK_STATE    a file of 16 bytes: how many operations there were, how often a fault struck
//   FAULTYDISK_NTH      the operation that is struck, from 1; 0 for none
//   FAULTYDISK_FAULT    `full`: this and every later operation that needs room fails with ENOSPC
//                       `error`: this operation fails with EIO; reading counts too
//                       `kill`: the process is killed in front of this operation
//                       `loss`: the power fails in front of it, see below
//   FAULTYDISK_LOSS     `data`, `zeros` or `names`; folders may be narrowed by FAULTYDISK_LOSS_FOLDERS
//   FAULTYDISK_DAMAGED  a file that is told the path of every file that lost something
//
// A loss of power: what was written to a file since it was synced (fsync, fdatasync, syncfs) is taken back byte by byte, or
// is zeros where the file had grown; with `names`, files and folders that were made and renames that were done since their
// folder was synced are taken back too, newest first. Names that were removed stay removed.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum fault { NONE, FULL, ERROR, KILL, LOSS };
enum need { READS, CHANGES, GROWS };
enum loss { DATA, ZEROS, NAMES };

struct state {
    uint64_t operations, strikes;
};

static struct state *state;
static const char *folders, *loss_folders, *damaged;
static enum fault fault;
static enum loss loss;
static uint64_t nth;
// Operations happen one at a time, so that a loss finds nothing half done.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// Looked up on first use, which may be in another library's constructor, before `begin`.
static long (*resolved(void))(long, ...) {
    static long (*found)(long, ...);
    if (!found) found = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    return found;
}
#define real_syscall (resolved())

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTYDISK_STATE"), *text;
    folders = getenv("FAULTYDISK_FOLDERS");
    if (!path || !folders) return;
    loss_folders = getenv("FAULTYDISK_LOSS_FOLDERS");
    if (!loss_folders) loss_folders = folders;
    damaged = getenv("FAULTYDISK_DAMAGED");
    if ((text = getenv("FAULTYDISK_NTH"))) nth = strtoull(text, NULL, 10);
    const char *name = getenv("FAULTYDISK_FAULT");
    fault = !name ? NONE : !strcmp(name, "full") ? FULL : !strcmp(name, "error") ? ERROR
        : !strcmp(name, "kill") ? KILL : !strcmp(name, "loss") ? LOSS : NONE;
    name = getenv("FAULTYDISK_LOSS");
    loss = !name ? DATA : !strcmp(name, "zeros") ? ZEROS : !strcmp(name, "names") ? NAMES : DATA;
    int file = (int)real_syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *map = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    real_syscall(SYS_close, file);
    if (map != MAP_FAILED) state = map;
    if (fault == LOSS) {
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
            limit.rlim_cur = limit.rlim_max;
            setrlimit(RLIMIT_NOFILE, &limit);
        }
    }
}

// MARK: Paths

static int is_below(const char *list, const char *path) {
    for (const char *each = list; each && *each;) {
        size_t length = strcspn(each, ":");
        if (!strncmp(path, each, length) && (path[length] == '/' || !path[length])) return 1;
        each += length + (each[length] == ':');
    }
    return 0;
}

// The path of a descriptor; 0 where it has none.
static int path_of(int descriptor, char path[PATH_MAX]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    long length = real_syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length <= 0 || path[0] != '/') return 0;
    path[length] = 0;
    return 1;
}

// The path of a name in a folder, as far as names tell.
static int path_at(int folder, const char *name, char path[PATH_MAX]) {
    if (!name) return 0;
    if (name[0] == '/') return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
    if (folder != AT_FDCWD) {
        if (!path_of(folder, path)) return 0;
    } else if (real_syscall(SYS_getcwd, path, PATH_MAX) <= 0) {
        return 0;
    }
    size_t length = strlen(path);
    if (name[0] == '.' && !name[1]) return 1;
    return snprintf(path + length, PATH_MAX - length, "/%s", name) < (int)(PATH_MAX - length);
}

static void parent(char *path) {
    char *slash = strrchr(path, '/');
    if (slash && slash != path) *slash = 0;
}

// MARK: What is not on the disk yet

struct piece {
    struct piece *older;
    off_t offset;
    size_t length;
    unsigned char bytes[];
};

struct file {
    struct file *next;
    dev_t device;
    ino_t inode;
    // Its own, and never closed: closing one drops the locks that SQLite holds on the file.
    int descriptor;
    int is_dirty;
    off_t synced_size;
    struct piece *pieces;
};

struct name {
    struct name *older;
    char *from, *to;  // A file or folder that was made has no `from`.
};

static struct file *files;
static struct name *names;

static struct file *tracked(int descriptor) {
    struct stat status;
    if (fault != LOSS || fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return NULL;
    for (struct file *each = files; each; each = each->next)
        if (each->inode == status.st_ino && each->device == status.st_dev) return each;
    char path[PATH_MAX], link[64];
    if (!path_of(descriptor, path) || !is_below(loss_folders, path)) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    int own = (int)real_syscall(SYS_openat, AT_FDCWD, link, O_RDWR | O_CLOEXEC);
    struct file *file = own < 0 ? NULL : calloc(1, sizeof *file);
    if (!file) return NULL;
    *file = (struct file){files, status.st_dev, status.st_ino, own, 0, status.st_size, NULL};
    return files = file;
}

// Keeps what is about to be overwritten or cut off, of what is known to be on the disk.
static void will_change(int descriptor, off_t offset, off_t length) {
    struct file *file = tracked(descriptor);
    if (!file) return;
    if (!file->is_dirty) {
        struct stat status;
        if (fstat(file->descriptor, &status) != 0) return;
        file->synced_size = status.st_size;
        file->is_dirty = 1;
    }
    off_t end = offset + length < file->synced_size ? offset + length : file->synced_size;
    if (end <= offset) return;
    struct piece *piece = malloc(sizeof *piece + (size_t)(end - offset));
    if (!piece) return;
    long count = real_syscall(SYS_pread64, file->descriptor, piece->bytes, (size_t)(end - offset), offset);
    piece->older = file->pieces;
    piece->offset = offset;
    piece->length = count < 0 ? 0 : (size_t)count;
    file->pieces = piece;
}

static void is_synced(struct file *file) {
    while (file->pieces) {
        struct piece *piece = file->pieces;
        file->pieces = piece->older;
        free(piece);
    }
    file->is_dirty = 0;
}

static void did_sync(int descriptor, int whole) {
    struct stat status;
    char path[PATH_MAX];
    if (fault != LOSS || fstat(descriptor, &status) != 0) return;
    for (struct file *each = files; each; each = each->next)
        if (each->device == status.st_dev && (whole || each->inode == status.st_ino)) is_synced(each);
    if (!whole && (!S_ISDIR(status.st_mode) || !path_of(descriptor, path))) return;
    for (struct name **each = &names; *each;) {
        struct name *name = *each;
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%s", name->to);
        parent(folder);
        if (whole || !strcmp(folder, path)) {
            *each = name->older;
            free(name->from);
            free(name->to);
            free(name);
        } else {
            each = &name->older;
        }
    }
}

static void did_name(const char *from, const char *to) {
    if (fault != LOSS || !is_below(loss_folders, to)) return;
    struct name *name = calloc(1, sizeof *name);
    if (!name) return;
    *name = (struct name){names, from ? strdup(from) : NULL, strdup(to)};
    names = name;
}

static void tell(const char *path) {
    int file = damaged ? (int)real_syscall(SYS_openat, AT_FDCWD, damaged, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    if (file < 0) return;
    real_syscall(SYS_write, file, path, strlen(path));
    real_syscall(SYS_write, file, "\n", 1);
    real_syscall(SYS_close, file);
}

static void lose_data(struct file *file) {
    struct stat status;
    char path[PATH_MAX];
    if (fstat(file->descriptor, &status) != 0) return;
    if (path_of(file->descriptor, path)) tell(path);
    for (struct piece *each = file->pieces; each; each = each->older)
        real_syscall(SYS_pwrite64, file->descriptor, each->bytes, each->length, each->offset);
    real_syscall(SYS_ftruncate, file->descriptor, file->synced_size);
    // Grows again, by zeros.
    if (loss == ZEROS && status.st_size > file->synced_size)
        real_syscall(SYS_ftruncate, file->descriptor, status.st_size);
}

static void lose_power(void) {
    for (struct file *each = files; each; each = each->next)
        if (each->is_dirty) lose_data(each);
    for (struct name *each = loss == NAMES ? names : NULL; each; each = each->older) {
        if (each->from)
            real_syscall(SYS_renameat2, AT_FDCWD, each->to, AT_FDCWD, each->from, 1u /* RENAME_NOREPLACE */);
        else if (real_syscall(SYS_unlinkat, AT_FDCWD, each->to, 0) != 0)
            real_syscall(SYS_unlinkat, AT_FDCWD, each->to, AT_REMOVEDIR);
    }
}

// MARK: Striking

// Whether the operation is to fail, with `errno` set.
static int strikes(enum need need, const char *path) {
    if (!state || !is_below(folders, path) || (need == READS && fault != ERROR)) return 0;
    if (fault == FULL && need != GROWS) return 0;
    uint64_t number = ++state->operations;
    if (!nth || number < nth || (number > nth && fault != FULL)) return 0;
    switch (fault) {
    case NONE: return 0;
    case LOSS: lose_power();  // Fall through.
    case KILL:
        state->strikes++;
        real_syscall(SYS_kill, getpid(), SIGKILL);
        for (;;) pause();
    case FULL: errno = ENOSPC; break;
    case ERROR: errno = EIO; break;
    }
    state->strikes++;
    return 1;
}

static int strikes_descriptor(enum need need, int descriptor) {
    char path[PATH_MAX];
    int before = errno;
    if (!state || !path_of(descriptor, path)) return errno = before, 0;
    errno = before;
    return strikes(need, path);
}

#define LOCKED(type, expression)          \
    pthread_mutex_lock(&lock);            \
    type result = (expression);           \
    int error = errno;                    \
    pthread_mutex_unlock(&lock);          \
    errno = error;                        \
    return result

static int do_open(int folder, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    if (!state || !path_at(folder, name, path))
        return (int)real_syscall(SYS_openat, folder, name, flags, mode);
    int is_new = (flags & O_CREAT) && real_syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    if (strikes(is_new ? GROWS : (flags & O_TRUNC) ? CHANGES : READS, path)) return -1;
    int descriptor = (int)real_syscall(SYS_openat, folder, name, flags & ~O_TRUNC, mode);
    if (descriptor < 0) return -1;
    if (is_new) did_name(NULL, path);
    if (flags & O_TRUNC) {
        will_change(descriptor, 0, INT64_MAX / 2);
        real_syscall(SYS_ftruncate, descriptor, 0);
    }
    return descriptor;
}

static ssize_t do_write(int descriptor, const void *bytes, size_t count, off_t offset) {
    if (strikes_descriptor(GROWS, descriptor)) return -1;
    if (fault == LOSS) {
        off_t start = offset < 0 ? real_syscall(SYS_lseek, descriptor, 0, SEEK_CUR) : offset;
        if (start >= 0) will_change(descriptor, start, (off_t)count);
    }
    return offset < 0 ? real_syscall(SYS_write, descriptor, bytes, count)
                      : real_syscall(SYS_pwrite64, descriptor, bytes, count, offset);
}

static int do_sync(long call, int descriptor) {
    if (strikes_descriptor(CHANGES, descriptor)) return -1;
    int result = (int)real_syscall(call, descriptor);
    if (result == 0) did_sync(descriptor, call == SYS_syncfs);
    return result;
}

static int do_truncate(int descriptor, off_t size) {
    if (strikes_descriptor(CHANGES, descriptor)) return -1;
    if (fault == LOSS) will_change(descriptor, size, INT64_MAX / 2);
    return (int)real_syscall(SYS_ftruncate, descriptor, size);
}

static int do_allocate(int descriptor, int mode, off_t offset, off_t length) {
    if (strikes_descriptor(GROWS, descriptor)) return -1;
    if (fault == LOSS) will_change(descriptor, offset, 0);
    return (int)real_syscall(SYS_fallocate, descriptor, mode, offset, length);
}

static int do_rename(int from, const char *old, int to, const char *new, unsigned int flags) {
    char source[PATH_MAX], target[PATH_MAX];
    int known = state && path_at(from, old, source) && path_at(to, new, target);
    if (known && strikes(GROWS, target)) return -1;
    int result = (int)real_syscall(SYS_renameat2, from, old, to, new, flags);
    if (result == 0 && known) did_name(source, target);
    return result;
}

static int do_link(int from, const char *old, int to, const char *new, int flags) {
    char target[PATH_MAX];
    int known = state && path_at(to, new, target);
    if (known && strikes(GROWS, target)) return -1;
    int result = (int)real_syscall(SYS_linkat, from, old, to, new, flags);
    if (result == 0 && known) did_name(NULL, target);
    return result;
}

static int do_make_folder(int folder, const char *name, mode_t mode) {
    char path[PATH_MAX];
    int known = state && path_at(folder, name, path);
    if (known && strikes(GROWS, path)) return -1;
    int result = (int)real_syscall(SYS_mkdirat, folder, name, mode);
    if (result == 0 && known) did_name(NULL, path);
    return result;
}

static int do_remove(int folder, const char *name, int flags) {
    char path[PATH_MAX];
    if (state && path_at(folder, name, path) && strikes(CHANGES, path)) return -1;
    return (int)real_syscall(SYS_unlinkat, folder, name, flags);
}

// MARK: The names under which programs call them

#define MODE(last)                        \
    va_list list;                         \
    va_start(list, last);                 \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t) : 0; \
    va_end(list)

EXPORT int open(const char *name, int flags, ...) {
    MODE(flags);
    LOCKED(int, do_open(AT_FDCWD, name, flags, mode));
}
EXPORT int open64(const char *name, int flags, ...) {
    MODE(flags);
    LOCKED(int, do_open(AT_FDCWD, name, flags, mode));
}
EXPORT int openat(int folder, const char *name, int flags, ...) {
    MODE(flags);
    LOCKED(int, do_open(folder, name, flags, mode));
}
EXPORT int openat64(int folder, const char *name, int flags, ...) {
    MODE(flags);
    LOCKED(int, do_open(folder, name, flags, mode));
}
EXPORT int __open_2(const char *name, int flags) { LOCKED(int, do_open(AT_FDCWD, name, flags, 0)); }
EXPORT int __open64_2(const char *name, int flags) { LOCKED(int, do_open(AT_FDCWD, name, flags, 0)); }

EXPORT ssize_t write(int descriptor, const void *bytes, size_t count) {
    LOCKED(ssize_t, do_write(descriptor, bytes, count, -1));
}
EXPORT ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    LOCKED(ssize_t, do_write(descriptor, bytes, count, offset));
}
EXPORT ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    LOCKED(ssize_t, do_write(descriptor, bytes, count, offset));
}

static ssize_t do_read(int descriptor, void *bytes, size_t count, off_t offset) {
    if (fault == ERROR) {
        pthread_mutex_lock(&lock);
        int fails = strikes_descriptor(READS, descriptor), error = errno;
        pthread_mutex_unlock(&lock);
        if (fails) return errno = error, -1;
    }
    return offset < 0 ? real_syscall(SYS_read, descriptor, bytes, count)
                      : real_syscall(SYS_pread64, descriptor, bytes, count, offset);
}
EXPORT ssize_t read(int descriptor, void *bytes, size_t count) { return do_read(descriptor, bytes, count, -1); }
EXPORT ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
    return do_read(descriptor, bytes, count, offset);
}
EXPORT ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset) {
    return do_read(descriptor, bytes, count, offset);
}

EXPORT int fsync(int descriptor) { LOCKED(int, do_sync(SYS_fsync, descriptor)); }
EXPORT int fdatasync(int descriptor) { LOCKED(int, do_sync(SYS_fdatasync, descriptor)); }
EXPORT int syncfs(int descriptor) { LOCKED(int, do_sync(SYS_syncfs, descriptor)); }

EXPORT int ftruncate(int descriptor, off_t size) { LOCKED(int, do_truncate(descriptor, size)); }
EXPORT int ftruncate64(int descriptor, off64_t size) { LOCKED(int, do_truncate(descriptor, size)); }
EXPORT int fallocate(int descriptor, int mode, off_t offset, off_t length) {
    LOCKED(int, do_allocate(descriptor, mode, offset, length));
}
EXPORT int fallocate64(int descriptor, int mode, off64_t offset, off64_t length) {
    LOCKED(int, do_allocate(descriptor, mode, offset, length));
}
EXPORT int posix_fallocate(int descriptor, off_t offset, off_t length) {
    LOCKED(int, do_allocate(descriptor, 0, offset, length) == 0 ? 0 : errno);
}
EXPORT int posix_fallocate64(int descriptor, off64_t offset, off64_t length) {
    LOCKED(int, do_allocate(descriptor, 0, offset, length) == 0 ? 0 : errno);
}

EXPORT int rename(const char *old, const char *new) { LOCKED(int, do_rename(AT_FDCWD, old, AT_FDCWD, new, 0)); }
EXPORT int renameat(int from, const char *old, int to, const char *new) {
    LOCKED(int, do_rename(from, old, to, new, 0));
}
EXPORT int renameat2(int from, const char *old, int to, const char *new, unsigned int flags) {
    LOCKED(int, do_rename(from, old, to, new, flags));
}
EXPORT int link(const char *old, const char *new) { LOCKED(int, do_link(AT_FDCWD, old, AT_FDCWD, new, 0)); }
EXPORT int linkat(int from, const char *old, int to, const char *new, int flags) {
    LOCKED(int, do_link(from, old, to, new, flags));
}
EXPORT int mkdir(const char *name, mode_t mode) { LOCKED(int, do_make_folder(AT_FDCWD, name, mode)); }
EXPORT int mkdirat(int folder, const char *name, mode_t mode) { LOCKED(int, do_make_folder(folder, name, mode)); }
EXPORT int unlink(const char *name) { LOCKED(int, do_remove(AT_FDCWD, name, 0)); }
EXPORT int unlinkat(int folder, const char *name, int flags) { LOCKED(int, do_remove(folder, name, flags)); }

// Swift sleeps and wakes by this call too, so that it may be held up by nothing.
EXPORT long syscall(long call, ...) {
    va_list list;
    va_start(list, call);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long),
         e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    switch (call) {
    case SYS_openat: {
        LOCKED(long, do_open((int)a, (const char *)b, (int)c, (mode_t)d));
    }
    case SYS_openat2: {
        const uint64_t *how = (const uint64_t *)c;
        char path[PATH_MAX];
        pthread_mutex_lock(&lock);
        int known = state && path_at((int)a, (const char *)b, path);
        int is_new = known && (how[0] & O_CREAT) && real_syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
        long result = known && strikes(is_new ? GROWS : READS, path) ? -1 : real_syscall(call, a, b, c, d);
        int error = errno;
        if (result >= 0 && is_new) did_name(NULL, path);
        pthread_mutex_unlock(&lock);
        errno = error;
        return result;
    }
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_syncfs: {
        LOCKED(long, do_sync(call, (int)a));
    }
    case SYS_renameat2: {
        LOCKED(long, do_rename((int)a, (const char *)b, (int)c, (const char *)d, (unsigned int)e));
    }
    default: return real_syscall(call, a, b, c, d, e, f);
    }
}
