#pragma once

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/types.h>

// What Swift cannot do itself: code between fork and exec, signal handlers, and variadic system calls.

// The step of a spawn that failed.
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
    // Both end in a null pointer.
    char *const *arguments;
    char *const *environment;
    // NULL keeps the caller's.
    const char *folder;
    // What becomes 0, 1 and 2.
    int descriptors[3];
    // Whether everything above is closed, or stays open unless it closes on exec.
    int closes_others;
    int new_session;
    // The signal the child gets when the calling thread ends; 0 for none.
    int death_signal;
};

// Starts a program with the signal dispositions, the signal mask and the soft limit of descriptors that this program was
// started with. Returns its process id once the program has been executed, or a negative errno, with the stage
// that failed in `*stage`; the child of a failed spawn has already been reaped.
pid_t muster_spawn(const struct muster_spawn_request *request, enum muster_spawn_stage *stage);

// Whether `signal` was ignored when this program was started; false for SIGCHLD, which nobody who has children can do without.
int muster_was_ignored(int signal);
// Lets the calling thread hear of children, whatever mask this program was started with.
void muster_hear_children(void);
// Raises the soft limit of descriptors to the hard one, for this program: programs that are spawned get the old one back.
void muster_raise_descriptor_limit(void);
// Makes `count` threads, at most 64, that end at once. Returns 0, or a negative errno when there can be no more of them.
int muster_try_threads(int count);
// How many processes and threads this user may have; -1 when there is no limit.
int64_t muster_process_limit(void);

// The exit code of a keeper whose agent was stopped by a signal for a second.
#define MUSTER_EXIT_STOPPED 113

// Divides this process, which must have one thread: the child returns 0 and goes on as the agent; the parent stays as its
// keeper and never returns. Whatever the agent leaves when it ends, however it ends, comes to the keeper, which kills it and
// then ends as the agent did. The keeper kills an agent that is stopped for a second, or that outlives its engine, the writer
// of standard input, by a minute, and passes on the signals that it gets. The agent dies with its keeper. Returns a
// negative errno, in one process, when there can be no further one.
int muster_keep(void);

// From now on deliveries of `signal` are counted and `descriptor`, an eventfd, is written to; a signal that was ignored when
// this program was started stays ignored. Returns 0 or a negative errno.
int muster_signal_count(int signal, int descriptor);
// How often `signal` came since the last call.
uint32_t muster_signal_take(int signal);
// The process that sent the last delivery of `signal` that was counted; 0 when it was the kernel, or none was.
pid_t muster_signal_sender(int signal);

// Ignores SIGPIPE in this program; programs that are spawned get what this one was started with.
void muster_ignore_broken_pipes(void);

// The variables that this program was started with, `NAME=value` each; ends in a null pointer.
char **muster_environment(void);

int muster_become_subreaper(void);
// Gives this process, and what it starts, a host name of its own, in a namespace that goes with the last of them. Returns
// 0 or a negative errno.
int muster_become_host(const char *name);
// Gives this process, and what it starts, a folder for shared memory of its own, which goes with the last of them. For a
// process with one thread. Returns 0 or a negative errno: it takes privileges.
int muster_own_shared_memory(void);
// From now on this process gets `signal` when its parent's thread that made it ends. Returns 0, or -1 when it cannot
// be had, or when the parent is not `parent` any more.
int muster_die_with_parent(int signal, pid_t parent);
int muster_thread_id(void);
// Bytes that wait in a pipe or socket; 0 when that cannot be known.
int muster_bytes_waiting(int descriptor);
int muster_set_nonblocking(int descriptor);
// Lets its owner read, change and enter the folder `name` of `folder`, which is no link. Returns 0 or a negative errno.
int muster_allow_owner(int folder, const char *name);
// Has `target` share the blocks of `source`. Returns 0, or a negative errno where the file system cannot.
int muster_clone_file(int source, int target);
/// Copies up to count bytes between the positions of two files within the kernel. Returns how many, 0 at the source's end,
/// or -errno: -EXDEV, -EINVAL, -ENOSYS or -EOPNOTSUPP where files cannot be copied that way.
ssize_t muster_copy_range(int source, int target, size_t count);
// The type of the file system that an open file lies on, as statfs has it; 0 when it cannot be known.
unsigned long muster_file_system(int descriptor);
// A pipe whose ends close on exec. Returns 0 or a negative errno.
int muster_pipe(int *read_end, int *write_end);

// The process id of a dead child that waits to be reaped, 0 when there is none now, -1 when there are no children.
pid_t muster_dead_child(void);
// The process id of a child that a signal has stopped, or that goes on after that, 0 when there is none; sets `stopped` to 1
// or 0. Each change is told once.
pid_t muster_stopped_child(int *stopped);
// Reaps `child`, which must be dead. Returns 1 and sets exactly one of the two, or 0 when there was nothing to reap.
int muster_reap(pid_t child, int *exit_code, int *signal);

// A descriptor that stands for a process and for no later process of the same id; -1 where the kernel has none.
int muster_process_descriptor(pid_t pid);
int muster_process_descriptor_signal(int descriptor, int signal);
