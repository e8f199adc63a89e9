// A simulated disk that keeps only synced data and that can fill up or become read-only. LD_PRELOAD
// loads it into a service.
//
// Each time a file below DISK_OF is synced, the complete file is copied to DISK_SYNCED. After a power
// cut only these copies exist. With DISK_IGNORES_SYNC the disk reports success without a copy, for
// the control of the tests. While the file DISK_SYNCED/fails exists, every write below DISK_OF fails
// with the error number in it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// Writes the name of a file below DISK_OF; returns 0 for any other file.
static int name_of(int fd, char *name, size_t size) {
    const char *of = getenv("DISK_OF");
    char link[64], path[4096];
    if (!of) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    const char *last = strrchr(path, '/');
    if (strncmp(path, of, strlen(of)) || !last || !strstr(last, ".sqlite")) return 0;
    snprintf(name, size, "%s", last + 1);
    return 1;
}

// Leaves a file as evidence, because the loader skips a missing library with only a line in the log.
__attribute__((constructor)) static void loaded(void) {
    char path[4096];
    if (!getenv("DISK_SYNCED")) return;
    snprintf(path, sizeof path, "%s/loaded", getenv("DISK_SYNCED"));
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) close(file);
}

static int fails(int fd) {
    char name[256], path[4096], number[16] = {0};
    int saved = errno;
    if (!getenv("DISK_SYNCED") || !name_of(fd, name, sizeof name)) return 0;
    snprintf(path, sizeof path, "%s/fails", getenv("DISK_SYNCED"));
    int flag = open(path, O_RDONLY | O_CLOEXEC);
    if (flag < 0) { errno = saved; return 0; }
    ssize_t length = read(flag, number, sizeof number - 1);
    close(flag);
    if (length <= 0) { errno = saved; return 0; }
    errno = atoi(number);
    return 1;
}

static void save_copy(int fd) {
    char name[256], to[4096], now[4096], block[65536];
    struct stat status;
    const char *synced = getenv("DISK_SYNCED");
    if (!synced || getenv("DISK_IGNORES_SYNC") || !name_of(fd, name, sizeof name) || fstat(fd, &status) || !S_ISREG(status.st_mode)) return;
    pthread_mutex_lock(&lock);
    snprintf(to, sizeof to, "%s/%s", synced, name);
    snprintf(now, sizeof now, "%s/%s.now", synced, name);
    int copy = open(now, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    off_t at = 0;
    ssize_t length = 0;
    while (copy >= 0 && (length = pread(fd, block, sizeof block, at)) > 0) {
        // The original function, not the one below.
        if (((ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write"))(copy, block, length) != length) abort();
        at += length;
    }
    if (copy < 0 || length < 0 || close(copy) || rename(now, to)) abort();
    pthread_mutex_unlock(&lock);
}

int fsync(int fd) {
    if (fails(fd)) return -1;
    int result = ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
    if (!result) save_copy(fd);
    return result;
}

int fdatasync(int fd) {
    if (fails(fd)) return -1;
    int result = ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
    if (!result) save_copy(fd);
    return result;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    if (fails(fd)) return -1;
    return ((ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write"))(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    if (fails(fd)) return -1;
    return ((ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite"))(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    return pwrite(fd, bytes, length, at);
}

int ftruncate(int fd, off_t length) {
    if (fails(fd)) return -1;
    return ((int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate"))(fd, length);
}

int ftruncate64(int fd, off_t length) {
    return ftruncate(fd, length);
}
