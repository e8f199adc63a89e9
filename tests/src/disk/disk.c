// A disk that keeps only what was synced, and that can fill up or become read-only. Loaded into a service with LD_PRELOAD.
//
// Each time a file below DISK_OF is synced, all of it is copied to DISK_KEPT: after a power cut, that is what is there, and nothing
// else. With DISK_LIES the disk says that it has synced and has not, for the test of the test. A file DISK_KEPT/fails holds the number
// of an error with which every write below DISK_OF fails, while it is there.
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

// The name of a file below DISK_OF; 0 for any other.
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

// Says that it is there: what cannot be loaded is left out with no more than a line in the log.
__attribute__((constructor)) static void loaded(void) {
    char path[4096];
    if (!getenv("DISK_KEPT")) return;
    snprintf(path, sizeof path, "%s/loaded", getenv("DISK_KEPT"));
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) close(file);
}

static int fails(int fd) {
    char name[256], path[4096], number[16] = {0};
    int saved = errno;
    if (!getenv("DISK_KEPT") || !name_of(fd, name, sizeof name)) return 0;
    snprintf(path, sizeof path, "%s/fails", getenv("DISK_KEPT"));
    int flag = open(path, O_RDONLY | O_CLOEXEC);
    if (flag < 0) { errno = saved; return 0; }
    ssize_t length = read(flag, number, sizeof number - 1);
    close(flag);
    if (length <= 0) { errno = saved; return 0; }
    errno = atoi(number);
    return 1;
}

static void keep(int fd) {
    char name[256], to[4096], now[4096], block[65536];
    struct stat status;
    const char *kept = getenv("DISK_KEPT");
    if (!kept || getenv("DISK_LIES") || !name_of(fd, name, sizeof name) || fstat(fd, &status) || !S_ISREG(status.st_mode)) return;
    pthread_mutex_lock(&lock);
    snprintf(to, sizeof to, "%s/%s", kept, name);
    snprintf(now, sizeof now, "%s/%s.now", kept, name);
    int copy = open(now, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    off_t at = 0;
    ssize_t length = 0;
    while (copy >= 0 && (length = pread(fd, block, sizeof block, at)) > 0) {
        // Not through the function below.
        if (((ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write"))(copy, block, length) != length) abort();
        at += length;
    }
    if (copy < 0 || length < 0 || close(copy) || rename(now, to)) abort();
    pthread_mutex_unlock(&lock);
}

int fsync(int fd) {
    if (fails(fd)) return -1;
    int result = ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
    if (!result) keep(fd);
    return result;
}

int fdatasync(int fd) {
    if (fails(fd)) return -1;
    int result = ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
    if (!result) keep(fd);
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
