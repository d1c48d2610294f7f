#pragma once
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>

// pthread_setname_np is declared only under _GNU_SOURCE, which must not be defined here; prctl names the calling thread.
static inline void platform_name_this_thread(const char *name) { prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }

// On Linux this is the priority of the calling thread alone. A lower one is never refused.
static inline void platform_lower_this_thread(void) { setpriority(PRIO_PROCESS, 0, 15); }

// sem_clockwait (glibc 2.30) is hidden without _GNU_SOURCE as well.
extern int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline);
static inline int platform_semaphore_wait_until(sem_t *semaphore, const struct timespec *monotonic_deadline) {
    return sem_clockwait(semaphore, CLOCK_MONOTONIC, monotonic_deadline);
}

// close_range (Linux 5.11, glibc 2.34) is hidden without _GNU_SOURCE as well. Closes nothing now: marks every
// descriptor from `first` on to be closed by exec.
extern int close_range(unsigned int first, unsigned int last, int flags);
static inline int platform_close_on_exec_from(unsigned int first) { return close_range(first, ~0U, 1 << 2); }

// Children that this thread forks die with it, and get no descriptor but the three. libuv has no hook between fork
// and exec: pthread_atfork is one. Marked in the child, because other threads of the parent go on opening. prctl and
// close_range are bare system calls, which is all that the child of a process with threads may make.
static _Thread_local int platform_children_are_ours = 0;
static inline void platform_in_child(void) {
    if (!platform_children_are_ours) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    platform_close_on_exec_from(3);
}
static inline int platform_register_fork_hook(void) { return pthread_atfork(0, 0, platform_in_child); }
static inline void platform_set_children_are_ours(int on) { platform_children_are_ours = on; }
