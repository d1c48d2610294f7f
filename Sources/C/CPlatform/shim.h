#pragma once
#include <pthread.h>
#include <semaphore.h>
#include <sys/file.h>
#include <sys/prctl.h>

// pthread_setname_np is declared only under _GNU_SOURCE, which must not be defined here; prctl names the calling thread.
static inline void platform_name_this_thread(const char *name) { prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }

// sem_clockwait (glibc 2.30) is hidden without _GNU_SOURCE as well.
extern int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline);
static inline int platform_semaphore_wait_until(sem_t *semaphore, const struct timespec *monotonic_deadline) {
    return sem_clockwait(semaphore, CLOCK_MONOTONIC, monotonic_deadline);
}

// close_range (Linux 5.11, glibc 2.34) is hidden without _GNU_SOURCE as well. Closes nothing now: marks every
// descriptor from `first` on to be closed by exec.
extern int close_range(unsigned int first, unsigned int last, int flags);
static inline int platform_close_on_exec_from(unsigned int first) { return close_range(first, ~0U, 1 << 2); }
