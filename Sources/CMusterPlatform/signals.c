#define _GNU_SOURCE
#include "CMusterPlatform.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static uint32_t counts[NSIG];
static int descriptors[NSIG];
static pid_t senders[NSIG];

static void count(int signal, siginfo_t *information, void *context) {
    (void)context;
    int before = errno;
    __atomic_store_n(&senders[signal], information->si_pid, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&counts[signal], 1, __ATOMIC_SEQ_CST);
    uint64_t one = 1;
    // The write fails only when the eventfd's counter is full; the reader is then awake already.
    ssize_t ignored = write(__atomic_load_n(&descriptors[signal], __ATOMIC_SEQ_CST), &one, sizeof one);
    (void)ignored;
    errno = before;
}

int muster_signal_count(int signal, int descriptor) {
    if (signal < 1 || signal >= NSIG) return -EINVAL;
    if (muster_was_ignored(signal)) return 0;
    __atomic_store_n(&descriptors[signal], descriptor, __ATOMIC_SEQ_CST);
    struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_RESTART | SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    return sigaction(signal, &action, NULL) == 0 ? 0 : -errno;
}

uint32_t muster_signal_take(int signal) {
    if (signal < 1 || signal >= NSIG) return 0;
    return __atomic_exchange_n(&counts[signal], 0, __ATOMIC_SEQ_CST);
}

pid_t muster_signal_sender(int signal) {
    if (signal < 1 || signal >= NSIG) return 0;
    return __atomic_load_n(&senders[signal], __ATOMIC_SEQ_CST);
}

void muster_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }
