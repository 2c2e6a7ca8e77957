#pragma once

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/types.h>

// The parts that Swift cannot express: code between fork and exec, signal handlers, and variadic system calls.

// The step at which a spawn failed.
enum muster_spawn_stage {
    MUSTER_STAGE_FORK,
    MUSTER_STAGE_SESSION,
    MUSTER_STAGE_DEATH_SIGNAL,
    MUSTER_STAGE_DESCRIPTORS,
    MUSTER_STAGE_FOLDER,
    MUSTER_STAGE_EXEC,
};

struct muster_spawn_request {
    // Absolute, or relative to `folder`.
    const char *path;
    // Null-terminated arrays.
    char *const *arguments;
    char *const *environment;
    // The working directory; NULL keeps the caller's.
    const char *folder;
    // The descriptors that become 0, 1 and 2.
    int descriptors[3];
    // 1 closes all descriptors from 3 on; 0 closes only those with FD_CLOEXEC.
    int closes_others;
    int new_session;
    // The child's parent-death signal (PR_SET_PDEATHSIG), sent when the calling thread ends; 0 for none.
    int death_signal;
};

// Starts a program with the signal dispositions, the signal mask and the soft limit of descriptors that this program
// was started with. Returns its process id once the program has been executed, or a negative errno, with the stage that
// failed in `*stage`; the child of a failed spawn has already been reaped.
pid_t muster_spawn(const struct muster_spawn_request *request, enum muster_spawn_stage *stage);

// 1 if `signal` was ignored when this program was started. Always 0 for SIGCHLD: a program that ignores it cannot wait
// for its children.
int muster_was_ignored(int signal);
// Unblocks SIGCHLD in the calling thread, whatever signal mask the program inherited.
void muster_hear_children(void);
// Raises this program's soft limit of descriptors to the hard limit. Spawned programs get the inherited soft limit.
void muster_raise_descriptor_limit(void);
// Starts `count` threads, at most 64, that end at once. Returns 0, or a negative errno when the system refuses one.
int muster_try_threads(int count);
// The limit of processes and threads of this user (RLIMIT_NPROC); -1 for no limit.
int64_t muster_process_limit(void);

// The exit code of a keeper that killed its agent because a signal had stopped it for STOP_GRACE.
#define MUSTER_EXIT_STOPPED 113

// Forks this process, which must have one thread. The child returns 0 and goes on as the agent. The parent becomes the
// keeper, a subreaper, and never returns: it forwards signals to the agent, kills the orphans that the agent leaves,
// and ends with the agent's exit code or signal. It kills an agent that stays stopped for STOP_GRACE, or that outlives
// the engine, which is the writer of standard input, by ENGINE_GRACE; with has_engine 0 standard input says nothing.
// The agent dies with its keeper. Returns a negative errno when fork fails.
int muster_keep(int has_engine);

// Executes `path` in this process: with its environment, and with the dispositions, mask and limits of its start.
// Returns a negative errno when that fails.
int muster_execute(const char *path, char *const *arguments);
// Restores the signal dispositions, the calling thread's signal mask and the soft limit of descriptors that this program
// was started with. Between fork and exec: with all signals blocked.
void muster_restore_inherited(void);

// Installs a handler that counts deliveries of `signal` and writes to `descriptor`, an eventfd. A signal that was
// ignored when the program was started stays ignored. Returns 0 or a negative errno.
int muster_signal_count(int signal, int descriptor);
// The number of deliveries of `signal` since the last call.
uint32_t muster_signal_take(int signal);
// The process that sent the last counted `signal`; 0 if the kernel sent it, or none has been counted.
pid_t muster_signal_sender(int signal);

// Ignores SIGPIPE in this program. Spawned programs get the inherited disposition.
void muster_ignore_broken_pipes(void);

// The environment that this program was started with: `NAME=value`, null-terminated.
char **muster_environment(void);

int muster_become_subreaper(void);
// Sets the host name of this process and its descendants in a UTS namespace of their own. Returns 0 or a negative
// errno.
int muster_become_host(const char *name);
// Mounts a /dev/shm of their own for this process and its descendants, in a mount namespace. The process must have one
// thread and CAP_SYS_ADMIN. Returns 0 or a negative errno.
int muster_own_shared_memory(void);
// Sets this process's parent-death signal. Returns 0, or -1 if the kernel refuses it or the parent is no longer
// `parent`.
int muster_die_with_parent(int signal, pid_t parent);
int muster_thread_id(void);
// The bytes that can be read from a pipe or socket (FIONREAD); 0 if the kernel cannot tell.
int muster_bytes_waiting(int descriptor);
int muster_set_nonblocking(int descriptor);
// Adds owner rwx to the directory `name` of `folder`, without following a link. Returns 0 or a negative errno.
int muster_allow_owner(int folder, const char *name);
// Clones `source` into `target` by reflink (FICLONE). Returns 0, or a negative errno if the file system has no
// reflinks.
int muster_clone_file(int source, int target);
/// Copies up to count bytes between two files' positions with copy_file_range. Returns the number of bytes, 0 at the
/// source's end, or -errno: -EXDEV, -EINVAL, -ENOSYS or -EOPNOTSUPP if the file systems do not support it.
ssize_t muster_copy_range(int source, int target, size_t count);
// f_type of the open file's file system, from statfs; 0 on error.
unsigned long muster_file_system(int descriptor);
// Makes a pipe with FD_CLOEXEC on both ends. Returns 0 or a negative errno.
int muster_pipe(int *read_end, int *write_end);

// The process id of a zombie child; 0 if there is none now, -1 if there are no children.
pid_t muster_dead_child(void);
// The process id of a child that was stopped or continued since the last call, 0 if there is none; sets `stopped` to 1
// or 0.
pid_t muster_stopped_child(int *stopped);
// Reaps the zombie `child`. Returns 1 and sets exit code or signal, the other to 0; returns 0 if there was nothing to
// reap.
int muster_reap(pid_t child, int *exit_code, int *signal);

// A pidfd, which never means a later process with the same id; -1 on kernels without pidfds (before 5.3).
int muster_process_descriptor(pid_t pid);
int muster_process_descriptor_signal(int descriptor, int signal);

// The content of Python/muster/VERSION, embedded: the one place that holds the version.
const char *muster_version(void);
