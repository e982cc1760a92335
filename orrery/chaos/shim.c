/* What a process of the chaos run finds between itself and the kernel: a disk that is full, a sync that fails, a write
 * that is cut off by the end of the process, a clock that jumps. Loaded by LD_PRELOAD; told what to do through a file
 * that the chaos run maps as well (orrery/chaos/shim.py has the same layout). Only regular files beyond the standard
 * streams are touched. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct control {
    volatile int64_t clock_offset_ns;
    volatile int32_t is_disk_full;
    volatile int32_t is_sync_failing;
    volatile int32_t is_next_write_torn;
    volatile int32_t refused_writes;
    volatile int32_t refused_syncs;
    volatile int32_t torn_writes;
};

#define TORN_MINIMUM 16
#define NS_PER_SECOND 1000000000LL

static struct control *control;
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    const char *path = getenv("ORRERY_CHAOS_CONTROL");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED) control = mapped;
}

static int is_data(int fd) {
    struct stat about;
    return control != NULL && fd > STDERR_FILENO && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

static int is_refused(void) {
    if (!control->is_disk_full) return 0;
    __atomic_add_fetch(&control->refused_writes, 1, __ATOMIC_SEQ_CST);
    errno = ENOSPC;
    return 1;
}

/* A write that only began when the process ended. */
static int is_torn(size_t size) {
    if (size < TORN_MINIMUM || !__atomic_exchange_n(&control->is_next_write_torn, 0, __ATOMIC_SEQ_CST)) return 0;
    __atomic_add_fetch(&control->torn_writes, 1, __ATOMIC_SEQ_CST);
    return 1;
}

ssize_t write(int fd, const void *data, size_t size) {
    if (is_data(fd)) {
        if (is_refused()) return -1;
        if (is_torn(size)) {
            (void)!real_write(fd, data, size / 2);
            kill(getpid(), SIGKILL);
        }
    }
    return real_write(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) {
    if (is_data(fd)) {
        if (is_refused()) return -1;
        if (is_torn(size)) {
            (void)!real_pwrite(fd, data, size / 2, at);
            kill(getpid(), SIGKILL);
        }
    }
    return real_pwrite(fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

static int sync_or_fail(int fd, int (*real)(int)) {
    if (control != NULL && control->is_sync_failing) {
        __atomic_add_fetch(&control->refused_syncs, 1, __ATOMIC_SEQ_CST);
        errno = EIO;
        return -1;
    }
    return real(fd);
}

int fsync(int fd) { return sync_or_fail(fd, real_fsync); }
int fdatasync(int fd) { return sync_or_fail(fd, real_fdatasync); }

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = real_clock_gettime(clock, now);
    if (result == 0 && control != NULL && clock == CLOCK_REALTIME && control->clock_offset_ns != 0) {
        int64_t ns = now->tv_sec * NS_PER_SECOND + now->tv_nsec + control->clock_offset_ns;
        now->tv_sec = ns / NS_PER_SECOND;
        now->tv_nsec = ns % NS_PER_SECOND;
    }
    return result;
}
