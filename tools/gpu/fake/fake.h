#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY 85017493504ull /* bytes of a GPU */
#define CALLED fake_call(LIBRARY, __func__)

/* In libfakecommon.so, which all fakes share. */
void fake_call(const char *library, const char *function);
void fake_count(const char *format, ...);
void *fake_alloc(size_t bytes);
void fake_free(void *pointer);
size_t fake_used(void);
int fake_gpus(void);            /* of the machine */
int fake_visible(int *gpus);    /* those that CUDA_VISIBLE_DEVICES names; returns how many */
void fake_uuid(int gpu, char *uuid);
