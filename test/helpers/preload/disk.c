// A disk that keeps only what was synced to it. At each fsync and fdatasync of something in the folder LUMA_DISK, a copy of
// it goes to the folder LUMA_DISK_SYNCED, by its inode's number: of a file its bytes, of a folder its names, each with an
// inode. A sync that the pattern LUMA_DISK_LIES names is reported as done, and no copy is made.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Whether a descriptor is of something in the folder whose syncs count. */
static int counts(int fd) {
  const char *folder = getenv("LUMA_DISK"), *lies = getenv("LUMA_DISK_LIES");
  char link[64], path[PATH_MAX];
  if (!folder) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  size_t start = strlen(folder);
  if (strncmp(path, folder, start) != 0 || (path[start] != '/' && path[start] != 0)) return 0;
  return !lies || fnmatch(lies, path, 0) != 0;
}

static int copy_names(int fd, FILE *to) {
  int again = openat(fd, ".", O_RDONLY | O_DIRECTORY);
  DIR *names = again < 0 ? NULL : fdopendir(again);
  if (!names) return 0;
  for (struct dirent *one; (one = readdir(names));) {
    if (one->d_name[0] == '.' && (!one->d_name[1] || !strcmp(one->d_name, ".."))) continue;
    fprintf(to, "%lu %s\n", (unsigned long)one->d_ino, one->d_name);
  }
  closedir(names);
  return 1;
}

/* By the descriptor itself: one more would, when it is closed, release the locks that this process has on the file. */
static int copy_bytes(int fd, FILE *to) {
  char block[1 << 14];
  off_t at = 0;
  for (ssize_t count; (count = pread(fd, block, sizeof block, at)) != 0; at += count) {
    if (count < 0 || fwrite(block, 1, count, to) != (size_t)count) return 0;
  }
  return 1;
}

/* A copy that is complete takes the place of the one before it only when the sync is done: the process may be killed. */
static int synced(int fd, long number) {
  struct stat is;
  char name[PATH_MAX], copy[PATH_MAX + 32];
  if (!counts(fd) || fstat(fd, &is) != 0) return syscall(number, fd);
  snprintf(name, sizeof name, "%s/%lu", getenv("LUMA_DISK_SYNCED"), (unsigned long)is.st_ino);
  snprintf(copy, sizeof copy, "%s.%ld", name, (long)gettid());
  FILE *to = fopen(copy, "w");
  if (!to || !(S_ISDIR(is.st_mode) ? copy_names(fd, to) : copy_bytes(fd, to)) || fclose(to) != 0) {
    perror("disk.c: no copy could be made");
    abort();
  }
  int result = syscall(number, fd);
  if (result == 0) rename(copy, name);
  return result;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }

int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }
