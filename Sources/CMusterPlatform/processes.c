#define _GNU_SOURCE
#include "CMusterPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

int muster_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : -errno; }

int muster_die_with_parent(int signal, pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0) return -1;
    // The parent may have died before prctl took effect.
    return getppid() == parent ? 0 : -1;
}

int muster_thread_id(void) { return (int)syscall(SYS_gettid); }

int muster_bytes_waiting(int descriptor) {
    int bytes = 0;
    return ioctl(descriptor, FIONREAD, &bytes) == 0 ? bytes : 0;
}

int muster_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return 0;
}

int muster_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

pid_t muster_dead_child(void) {
    siginfo_t info = {.si_pid = 0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        if (errno != EINTR) return -1;
    }
    return info.si_pid;
}

pid_t muster_stopped_child(int *stopped) {
    siginfo_t info = {.si_pid = 0};
    while (waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG) != 0) {
        if (errno != EINTR) return 0;
    }
    *stopped = info.si_code == CLD_STOPPED;
    return info.si_pid;
}

int muster_reap(pid_t child, int *exit_code, int *signal) {
    int status = 0;
    pid_t reaped;
    while ((reaped = waitpid(child, &status, WNOHANG)) < 0 && errno == EINTR) {}
    if (reaped != child) return 0;
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return 1;
}

int muster_process_descriptor(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0u); }

int muster_process_descriptor_signal(int descriptor, int signal) {
    return syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0u) == 0 ? 0 : -errno;
}

int muster_allow_owner(int folder, const char *name) {
    // Through an O_PATH descriptor: a link that replaces the folder meanwhile is not followed.
    int named = openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (named < 0) return -errno;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", named);
    int failed = chmod(path, 0700) == 0 ? 0 : -errno;
    close(named);
    return failed;
}

int muster_clone_file(int source, int target) { return ioctl(target, FICLONE, source) == 0 ? 0 : -errno; }

ssize_t muster_copy_range(int source, int target, size_t count) {
    ssize_t copied;
    while ((copied = copy_file_range(source, NULL, target, NULL, count, 0)) < 0 && errno == EINTR) {}
    return copied >= 0 ? copied : -errno;
}
