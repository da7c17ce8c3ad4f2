/* Writes down, in order, everything that a process does to the files under $CUT_ROOT, into $CUT_LOG.
 *
 * A record: one letter, then inode, offset and length (64 bits each, of this machine), then as many bytes as its
 * length. C: made, path. W: written, data. T: cut or grown to offset. S: synced. D: folder synced, path. U: removed,
 * path. M: folder made, path. R and L: moved and linked, both paths with a line end between.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_FDS 4096

static const char *root;
static size_t root_length;
static int log_fd = -1;
static char *names[MOST_FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ssize_t (*real_write)(int, const void *, size_t);

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *log = getenv("CUT_LOG");
  root = getenv("CUT_ROOT");
  real_write = REAL(write);
  if (root == NULL || log == NULL) return;
  root_length = strlen(root);
  log_fd = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_ours(const char *path) {
  return log_fd >= 0 && strncmp(path, root, root_length) == 0 && strstr(path, "-shm") == NULL;
}

static void note(char what, uint64_t inode, uint64_t offset, const void *data, uint64_t length) {
  char head[25];
  head[0] = what;
  memcpy(head + 1, &inode, 8);
  memcpy(head + 9, &offset, 8);
  memcpy(head + 17, &length, 8);
  pthread_mutex_lock(&lock);
  if (real_write(log_fd, head, sizeof head) != sizeof head) abort();
  if (length > 0 && real_write(log_fd, data, length) != (ssize_t)length) abort();
  pthread_mutex_unlock(&lock);
}

static void note_pair(char what, uint64_t inode, const char *from, const char *to) {
  char both[8192];
  int length = snprintf(both, sizeof both, "%s\n%s", from, to);
  note(what, inode, 0, both, length);
}

static uint64_t inode_of(int fd) {
  struct stat found;
  return fstat(fd, &found) == 0 ? found.st_ino : 0;
}

static const char *name_of(int fd) { return fd >= 0 && fd < MOST_FDS ? names[fd] : NULL; }

static int opened(int fd, const char *path, int flags, int was_there) {
  if (fd < 0 || fd >= MOST_FDS || !is_ours(path)) return fd;
  free(names[fd]);
  names[fd] = strdup(path);
  if (!was_there && (flags & O_CREAT)) note('C', inode_of(fd), 0, path, strlen(path));
  if (was_there && (flags & O_TRUNC)) note('T', inode_of(fd), 0, NULL, 0);
  return fd;
}

static int is_there(const char *path) {
  int before = errno;
  struct stat found;
  int answer = is_ours(path) && lstat(path, &found) == 0;
  errno = before;
  return answer;
}

#define OPEN(name)                                        \
  int name(const char *path, int flags, ...) {            \
    va_list rest;                                         \
    va_start(rest, flags);                                \
    mode_t mode = va_arg(rest, mode_t);                   \
    va_end(rest);                                         \
    int was_there = is_there(path);                       \
    return opened(REAL(name)(path, flags, mode), path, flags, was_there); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (name_of(fd) != NULL) {
    free(names[fd]);
    names[fd] = NULL;
  }
  return REAL(close)(fd);
}

ssize_t write(int fd, const void *data, size_t length) {
  if (name_of(fd) == NULL) return real_write(fd, data, length);
  struct stat found;
  int is_append = (fcntl(fd, F_GETFL) & O_APPEND) != 0;
  off_t place = is_append && fstat(fd, &found) == 0 ? found.st_size : lseek(fd, 0, SEEK_CUR);
  ssize_t done = real_write(fd, data, length);
  if (done > 0) note('W', inode_of(fd), place, data, done);
  return done;
}

#define PWRITE(name)                                                          \
  ssize_t name(int fd, const void *data, size_t length, off64_t place) {      \
    ssize_t done = ((ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, #name))(fd, data, length, place); \
    if (done > 0 && name_of(fd) != NULL) note('W', inode_of(fd), place, data, done); \
    return done;                                                              \
  }
#undef pwrite
#undef pwrite64
PWRITE(pwrite)
PWRITE(pwrite64)

#define SYNC(name)                                                            \
  int name(int fd) {                                                          \
    int answer = REAL(name)(fd);                                              \
    const char *path = name_of(fd);                                           \
    struct stat found;                                                        \
    if (answer == 0 && path != NULL && fstat(fd, &found) == 0) {              \
      if (S_ISDIR(found.st_mode)) note('D', found.st_ino, 0, path, strlen(path)); \
      else note('S', found.st_ino, 0, NULL, 0);                               \
    }                                                                         \
    return answer;                                                            \
  }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name)                                                        \
  int name(int fd, off64_t length) {                                          \
    int answer = ((int (*)(int, off64_t))dlsym(RTLD_NEXT, #name))(fd, length); \
    if (answer == 0 && name_of(fd) != NULL) note('T', inode_of(fd), length, NULL, 0); \
    return answer;                                                            \
  }
#undef ftruncate
#undef ftruncate64
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int unlink(const char *path) {
  int answer = REAL(unlink)(path);
  if (answer == 0 && is_ours(path)) note('U', 0, 0, path, strlen(path));
  return answer;
}

int mkdir(const char *path, mode_t mode) {
  int answer = REAL(mkdir)(path, mode);
  if (answer == 0 && is_ours(path)) note('M', 0, 0, path, strlen(path));
  return answer;
}

int rename(const char *from, const char *to) {
  int answer = REAL(rename)(from, to);
  if (answer == 0 && is_ours(from)) note_pair('R', 0, from, to);
  return answer;
}

int link(const char *from, const char *to) {
  int answer = REAL(link)(from, to);
  if (answer == 0 && is_ours(from)) note_pair('L', 0, from, to);
  return answer;
}
