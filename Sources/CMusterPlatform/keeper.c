#define _GNU_SOURCE
#include "CMusterPlatform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Milliseconds: an agent that is stopped for the first, or outlives its engine by the second, is killed.
#define STOP_GRACE 1000
#define ENGINE_GRACE 60000
// Milliseconds to wait for killed processes. One in uninterruptible sleep, or of another user, uses all of them.
#define PATIENCE 10000

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

struct process {
    pid_t pid, parent;
    char state;
    int is_below;
};

// Reads /proc/PID/stat. Returns 0 if there is no such process.
static int read_process(pid_t pid, struct process *process) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    // The last parenthesis: the command name before it may contain parentheses itself.
    char *end = strrchr(text, ')');
    int parent = 0;
    if (!end || sscanf(end + 1, " %c %d", &process->state, &parent) != 2) return 0;
    process->pid = pid;
    process->parent = parent;
    process->is_below = 0;
    return 1;
}

static struct process *list_processes(size_t *count) {
    size_t room = 0;
    struct process *list = NULL;
    *count = 0;
    DIR *folder = opendir("/proc");
    if (!folder) return NULL;
    for (struct dirent *entry; (entry = readdir(folder));) {
        pid_t pid = atoi(entry->d_name);
        if (pid <= 0) continue;
        if (*count == room) {
            room = room ? room * 2 : 256;
            struct process *larger = realloc(list, room * sizeof *list);
            if (!larger) break;
            list = larger;
        }
        if (read_process(pid, &list[*count])) ++*count;
    }
    closedir(folder);
    return list;
}

static int is_marked(const struct process *list, size_t count, pid_t pid) {
    for (size_t index = 0; index < count; index++) {
        if (list[index].pid == pid) return list[index].is_below;
    }
    return 0;
}

static void kill_everything_below(pid_t top) {
    size_t count;
    struct process *list = list_processes(&count);
    for (int grows = 1; grows;) {
        grows = 0;
        for (size_t index = 0; index < count; index++) {
            struct process *process = &list[index];
            if (process->is_below || (process->parent != top && !is_marked(list, count, process->parent))) continue;
            process->is_below = grows = 1;
        }
    }
    for (size_t index = 0; index < count; index++) {
        if (list[index].is_below && list[index].state != 'Z') kill(list[index].pid, SIGKILL);
    }
    free(list);
}

// Kills and reaps the orphans that this subreaper has inherited from the agent.
static void take_down(void) {
    int64_t deadline = now() + PATIENCE;
    while (1) {
        pid_t reaped;
        while ((reaped = waitpid(-1, NULL, WNOHANG)) > 0 || (reaped < 0 && errno == EINTR)) {}
        if (reaped < 0 || now() > deadline) return;
        kill_everything_below(getpid());
        poll(NULL, 0, 2);
    }
}

static _Noreturn void end_like(int status, int was_stopped) {
    take_down();
    if (was_stopped) _exit(MUSTER_EXIT_STOPPED);
    if (!WIFSIGNALED(status)) _exit(WEXITSTATUS(status));
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(WTERMSIG(status), SIG_DFL);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    kill(getpid(), WTERMSIG(status));
    _exit(128 + WTERMSIG(status));
}

static int is_stopped(pid_t pid) {
    struct process process;
    return read_process(pid, &process) && process.state == 'T';
}

static _Noreturn void keep(pid_t agent, int signals, int has_engine) {
    // 0 means no deadline.
    int64_t stop_due = 0, end_due = 0;
    int was_stopped = 0, engine_is_gone = !has_engine;
    while (1) {
        int64_t due = stop_due && (!end_due || stop_due < end_due) ? stop_due : end_due;
        int64_t wait = due ? due - now() : -1;
        struct pollfd sources[2] = {{.fd = signals, .events = POLLIN}, {.fd = engine_is_gone ? -1 : STDIN_FILENO}};
        poll(sources, 2, due ? (wait > 0 ? (int)wait : 0) : -1);

        struct signalfd_siginfo heard;
        while (read(signals, &heard, sizeof heard) == sizeof heard) {
            // Forwarded: the sender knows only the keeper's process id.
            if (heard.ssi_signo != SIGCHLD) kill(agent, (int)heard.ssi_signo);
        }
        int status;
        pid_t changed;
        while ((changed = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
            if (changed != agent) continue;
            if (WIFSTOPPED(status)) stop_due = now() + STOP_GRACE;
            else if (WIFCONTINUED(status)) stop_due = 0;
            else end_like(status, was_stopped);
        }
        if (!engine_is_gone && sources[1].revents & (POLLHUP | POLLERR | POLLNVAL)) {
            engine_is_gone = 1;
            // A stopped agent cannot read the end of its input.
            kill(agent, SIGCONT);
            end_due = now() + ENGINE_GRACE;
        }
        if (stop_due && now() >= stop_due) {
            // A late wake-up, or a stopped engine, means that the whole process group was stopped: no fault of the
            // agent.
            if (now() > stop_due + STOP_GRACE / 2 || is_stopped(getppid())) {
                stop_due = now() + STOP_GRACE;
            } else {
                was_stopped = 1;
                stop_due = 0;
                kill(agent, SIGKILL);
            }
        }
        if (end_due && now() >= end_due) {
            end_due = 0;
            kill(agent, SIGKILL);
        }
    }
}

int muster_keep(int has_engine) {
    sigset_t all, before, heard;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    signal(SIGCHLD, SIG_DFL);
    pid_t keeper = getpid();
    pid_t agent = fork();
    if (agent < 0) {
        int error = errno;
        sigprocmask(SIG_SETMASK, &before, NULL);
        return -error;
    }
    if (agent == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        // The keeper may have died before prctl took effect.
        if (getppid() != keeper) _exit(1);
        return 0;
    }
    prctl(PR_SET_NAME, "muster-keeper");
    // All signals except those of terminal job control and SIGPIPE, which are not meant for the agent.
    sigfillset(&heard);
    for (const int *signal = (const int[]){SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, 0}; *signal; signal++) {
        sigdelset(&heard, *signal);
    }
    int signals = signalfd(-1, &heard, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signals < 0) {
        // The parent-death signal ends the agent as well.
        _exit(1);
    }
    keep(agent, signals, has_engine);
}
