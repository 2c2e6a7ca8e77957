#define _GNU_SOURCE
#include "CMusterPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

static int write_file(const char *path, const char *text) {
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    ssize_t count = write(descriptor, text, strlen(text));
    int error = count < 0 ? -errno : 0;
    close(descriptor);
    return error;
}

// Unprivileged: a UTS namespace inside a user namespace that maps this user to itself.
static int unshare_as_user(void) {
    char map[64];
    uid_t user = geteuid();
    gid_t group = getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWUTS) != 0) return -errno;
    write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "%u %u 1", user, user);
    int failed = write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "%u %u 1", group, group);
    return failed ? failed : write_file("/proc/self/gid_map", map);
}

int muster_become_host(const char *name) {
    if (unshare(CLONE_NEWUTS) != 0) {
        int failed = unshare_as_user();
        if (failed) return failed;
    }
    return sethostname(name, strlen(name)) == 0 ? 0 : -errno;
}

int muster_own_shared_memory(void) {
    if (access("/dev/shm", F_OK) != 0) return 0;
    if (unshare(CLONE_NEWNS) != 0) return -errno;
    // A slave mount: later mounts outside propagate into the namespace, mounts inside do not leave it.
    if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) return -errno;
    return mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0 ? 0 : -errno;
}

char **muster_environment(void) { return environ; }

unsigned long muster_file_system(int descriptor) {
    struct statfs system;
    return fstatfs(descriptor, &system) == 0 ? (unsigned long)system.f_type : 0;
}
