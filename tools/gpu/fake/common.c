/* Counters, the memory of the GPU, and which GPUs there are. At the end of a process the counters go to the file FAKE_CUDA_LOG. */
#include "fake.h"
#include <stdarg.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define SLOTS 32768
static struct { char *name; unsigned long count; } counters[SLOTS];

static void count(const char *name) {
  unsigned slot = 5381;
  for (const char *at = name; *at; at++) slot = slot * 33 + (unsigned char)*at;
  pthread_mutex_lock(&lock);
  for (slot %= SLOTS; counters[slot].name && strcmp(counters[slot].name, name); slot = (slot + 1) % SLOTS);
  if (!counters[slot].name) counters[slot].name = strdup(name);
  counters[slot].count++;
  pthread_mutex_unlock(&lock);
}

void fake_count(const char *format, ...) {
  char name[300];
  va_list values;
  va_start(values, format);
  vsnprintf(name, sizeof name, format, values);
  va_end(values);
  count(name);
}

void fake_call(const char *library, const char *function) { fake_count("%s %s", library, function); }

static size_t used, peak;
static struct { void *pointer; size_t bytes; } blocks[65536];

/* Pages that nobody writes to cost nothing. */
void *fake_alloc(size_t bytes) {
  bytes = (bytes + 4095) / 4096 * 4096;
  void *pointer = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pointer == MAP_FAILED) return 0;
  pthread_mutex_lock(&lock);
  int i = 0;
  while (blocks[i].pointer) i++;
  blocks[i].pointer = pointer, blocks[i].bytes = bytes;
  used += bytes;
  if (used > peak) peak = used;
  pthread_mutex_unlock(&lock);
  return pointer;
}

void fake_free(void *pointer) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < 65536; i++) {
    if (!pointer || blocks[i].pointer != pointer) continue;
    munmap(pointer, blocks[i].bytes);
    used -= blocks[i].bytes;
    blocks[i].pointer = 0;
    break;
  }
  pthread_mutex_unlock(&lock);
}

size_t fake_used(void) { return used; }

int fake_gpus(void) {
  const char *given = getenv("FAKE_CUDA_DEVICES");
  return given ? atoi(given) : 1;
}

void fake_uuid(int gpu, char *uuid) { memset(uuid, gpu + 1, 16); }

int fake_visible(int *gpus) {
  const char *given = getenv("CUDA_VISIBLE_DEVICES");
  int all = fake_gpus(), found = 0;
  if (!given) while (found < all) gpus[found] = found, found++;
  while (given && *given && found < 16) {
    /* a number, or GPU- and the UUID, whose bytes are all the number of the GPU, from one on */
    int gpu = !strncmp(given, "GPU-", 4) ? (int)strtol((char[]){given[4], given[5], 0}, 0, 16) - 1 : *given >= '0' && *given <= '9' ? atoi(given) : -1;
    if (gpu < 0 || gpu >= all) break;
    gpus[found++] = gpu;
    given = strchr(given, ',');
    if (given) given++;
  }
  return found;
}

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("FAKE_CUDA_LOG");
  FILE *file = path ? fopen(path, "a") : 0;
  if (!file) return;
  for (int i = 0; i < SLOTS; i++) if (counters[i].name) fprintf(file, "%d %lu %s\n", getpid(), counters[i].count, counters[i].name);
  if (peak) fprintf(file, "%d %zu bytes\n", getpid(), peak);
  fclose(file);
}
