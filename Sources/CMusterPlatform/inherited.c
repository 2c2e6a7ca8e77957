#define _GNU_SOURCE
#include "CMusterPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc uses the first two real-time signals itself; if a spawned program inherits them ignored, it cannot end its
// threads.
#define FIRST_INTERNAL_SIGNAL 32
#define LAST_INTERNAL_SIGNAL 33

static uint64_t ignored;
static uint64_t mask;
static struct rlimit descriptor_limit = {RLIM_INFINITY, RLIM_INFINITY};
static int raised;

struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static void remember_signals(void) {
    for (int signal = 1; signal < NSIG; signal++) {
        // With SIGCHLD ignored the kernel reaps children itself, and waitpid loses their exit codes.
        if (signal == SIGCHLD || (signal >= FIRST_INTERNAL_SIGNAL && signal <= LAST_INTERNAL_SIGNAL)) continue;
        struct kernel_action action = {0};
        if (syscall(SYS_rt_sigaction, signal, NULL, &action, (size_t)8) == 0 && action.handler == SIG_IGN) {
            ignored |= UINT64_C(1) << (signal - 1);
        }
    }
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, (size_t)8);
}

// Opens a placeholder that fails like a closed descriptor in place of each closed standard stream. Otherwise the next
// file that is opened gets descriptor 0, 1 or 2, and output is written into it.
static void fill_streams(void) {
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        // All lower descriptors are open, so open returns this one.
        open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
    }
}

// A constructor: it runs before the program can change dispositions, mask or limits.
__attribute__((constructor(101))) static void remember(void) {
    remember_signals();
    fill_streams();
    getrlimit(RLIMIT_NOFILE, &descriptor_limit);
}

int muster_was_ignored(int signal) {
    return signal >= 1 && signal < NSIG && (ignored >> (signal - 1) & 1) != 0;
}

void muster_restore_inherited(void) {
    // The raw system call and its structure: glibc's sigaction refuses the two signals that it uses itself, and a
    // parent may have left them ignored.
    struct kernel_action action = {0};
    for (int signal = 1; signal < NSIG; signal++) {
        action.handler = muster_was_ignored(signal) ? SIG_IGN : SIG_DFL;
        syscall(SYS_rt_sigaction, signal, &action, NULL, (size_t)8);
    }
    if (raised) setrlimit(RLIMIT_NOFILE, &descriptor_limit);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, (size_t)8);
}

int muster_execute(const char *path, char *const *arguments) {
    muster_restore_inherited();
    execve(path, arguments, environ);
    return -errno;
}

void muster_hear_children(void) {
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    pthread_sigmask(SIG_UNBLOCK, &children, NULL);
}

void muster_raise_descriptor_limit(void) {
    struct rlimit limit = descriptor_limit;
    if (limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

int64_t muster_process_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NPROC, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return -1;
    return (int64_t)limit.rlim_cur;
}

struct gate {
    pthread_mutex_t lock;
};

static void *pass(void *context) {
    struct gate *gate = context;
    pthread_mutex_lock(&gate->lock);
    pthread_mutex_unlock(&gate->lock);
    return NULL;
}

int muster_try_threads(int count) {
    enum { most = 64 };
    pthread_t threads[most];
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER};
    int made = 0, error = 0;
    pthread_mutex_lock(&gate.lock);
    for (; made < count && made < most; made++) {
        error = pthread_create(&threads[made], NULL, pass, &gate);
        if (error) break;
    }
    pthread_mutex_unlock(&gate.lock);
    for (int index = 0; index < made; index++) pthread_join(threads[index], NULL);
    return -error;
}
