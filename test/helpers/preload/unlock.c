// A system that fails to release a lock of a `-shm` once: the one of the byte LUMA_UNLOCK_BYTE, when the file LUMA_UNLOCK_FAILS
// is there, which is removed then.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int fd, int command, const struct flock *lock) {
  const char *trigger = getenv("LUMA_UNLOCK_FAILS"), *byte = getenv("LUMA_UNLOCK_BYTE");
  char link[64], path[PATH_MAX];
  if (!trigger || !byte || command != F_SETLK || lock->l_type != F_UNLCK || lock->l_start != atoi(byte)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 4 || strncmp(path + length - 4, "-shm", 4) != 0) return 0;
  return unlink(trigger) == 0;
}

static int control(const char *name, int fd, int command, void *argument) {
  int (*next)(int, int, ...) = (int (*)(int, int, ...))dlsym(RTLD_NEXT, name);
  if (fails(fd, command, argument)) {
    errno = EIO;
    return -1;
  }
  return next(fd, command, argument);
}

#define CONTROL(name)                           \
  int name(int fd, int command, ...) {          \
    va_list rest;                               \
    va_start(rest, command);                    \
    void *argument = va_arg(rest, void *);      \
    va_end(rest);                               \
    return control(#name, fd, command, argument); \
  }

CONTROL(fcntl)
CONTROL(fcntl64)
