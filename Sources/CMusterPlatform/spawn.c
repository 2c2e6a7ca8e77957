#define _GNU_SOURCE
#include "CMusterPlatform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

// A vfork child shares the caller's memory until exec: only system calls, only its own stack frame.
struct failure {
    volatile int error;
    volatile enum muster_spawn_stage stage;
};

struct linux_dirent {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

// Kernels before 5.9 have no close_range.
static void close_listed(void) {
    int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        for (int descriptor = 3; descriptor < 4096; descriptor++) close(descriptor);
        return;
    }
    _Alignas(8) char buffer[4096];
    long count;
    // Closing changes the directory while it is read, so it is read again until nothing is left to close.
    for (int closed = 1; closed;) {
        closed = 0;
        lseek(folder, 0, SEEK_SET);
        while ((count = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
            for (long at = 0; at < count; at += ((struct linux_dirent *)(buffer + at))->length) {
                const char *name = ((struct linux_dirent *)(buffer + at))->name;
                int descriptor = 0;
                for (; *name >= '0' && *name <= '9'; name++) descriptor = descriptor * 10 + (*name - '0');
                if (*name == 0 && descriptor > 2 && descriptor != folder && close(descriptor) == 0) closed = 1;
            }
        }
    }
    close(folder);
}

static void close_others(void) {
    if (syscall(SYS_close_range, 3u, UINT_MAX, 0u) != 0) close_listed();
}

static int place_descriptors(const int wanted[3]) {
    int copies[3];
    // The sources are first duplicated above 2, so that no dup2 overwrites a later source.
    for (int target = 0; target < 3; target++) {
        copies[target] = fcntl(wanted[target], F_DUPFD_CLOEXEC, 3);
        if (copies[target] < 0) return -1;
    }
    for (int target = 0; target < 3; target++) {
        if (dup2(copies[target], target) < 0) return -1;
    }
    return 0;
}

#define FAIL(at)                 \
    do {                         \
        failure->stage = (at);   \
        failure->error = errno;  \
        _exit(127);              \
    } while (0)

static _Noreturn void become(
    const struct muster_spawn_request *request, pid_t parent, struct failure *failure
) {
    if (request->new_session && setsid() < 0) FAIL(MUSTER_STAGE_SESSION);
    if (request->death_signal) {
        if (prctl(PR_SET_PDEATHSIG, request->death_signal) != 0) FAIL(MUSTER_STAGE_DEATH_SIGNAL);
        // The parent may have died before prctl took effect.
        if (getppid() != parent) _exit(127);
    }
    if (place_descriptors(request->descriptors) != 0) FAIL(MUSTER_STAGE_DESCRIPTORS);
    if (request->closes_others) close_others();
    if (request->folder && chdir(request->folder) != 0) FAIL(MUSTER_STAGE_FOLDER);
    // The mask is lifted last: a signal handler in the vfork child would write to the parent's memory.
    muster_restore_inherited();
    execve(request->path, request->arguments, request->environment);
    FAIL(MUSTER_STAGE_EXEC);
}

pid_t muster_spawn(const struct muster_spawn_request *request, enum muster_spawn_stage *stage) {
    struct failure failure = {.error = 0, .stage = MUSTER_STAGE_FORK};
    sigset_t all, before;
    sigfillset(&all);
    pid_t parent = getpid();
    pthread_sigmask(SIG_SETMASK, &all, &before);
    // vfork copies no page tables, so its cost does not grow with the caller's memory.
    pid_t child = vfork();
    if (child == 0) become(request, parent, &failure);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    *stage = failure.stage;
    if (child < 0) return -error;
    if (failure.error == 0) return child;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    return -failure.error;
}
