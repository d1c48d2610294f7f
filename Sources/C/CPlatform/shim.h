#pragma once
#include <pthread.h>
#include <semaphore.h>
#include <sys/file.h>
#include <sys/prctl.h>

// pthread_setname_np is declared only under _GNU_SOURCE, which must not be defined here; prctl names the calling thread.
static inline void platform_name_this_thread(const char *name) { prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0); }
