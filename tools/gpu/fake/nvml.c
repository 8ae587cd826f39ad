/* NVML, which knows all GPUs of the machine. A handle is the number of the GPU, from one on. */
#include "fake.h"
#define LIBRARY "nvml"

int nvmlSystemGetDriverVersion(char *version, unsigned length) { snprintf(version, length, "580.00"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = fake_gpus(); return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) { *handle = (void *)(uintptr_t)(index + 1); return index < fake_gpus() ? 0 : 2; }
int nvmlDeviceGetName(void *handle, char *name, unsigned length) { snprintf(name, length, "Fake H100"); return 0; }
int nvmlDeviceGetUUID(void *handle, char *text, unsigned length) {
  unsigned char id[16];
  fake_uuid((int)(uintptr_t)handle - 1, (char *)id);
  int at = snprintf(text, length, "GPU-");
  for (int i = 0; i < 16; i++) at += snprintf(text + at, length - at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", id[i]);
  return 0;
}
int nvmlDeviceGetHandleByUUID(const char *uuid, void **handle) {
  char text[96];
  for (uintptr_t gpu = 1; gpu <= fake_gpus(); gpu++) {
    *handle = (void *)gpu;
    nvmlDeviceGetUUID(*handle, text, sizeof text);
    if (!strcmp(text, uuid)) return 0;
  }
  return 6;
}
int nvmlDeviceGetMemoryInfo(void *handle, unsigned long long *memory) {
  const char *free = getenv("FAKE_CUDA_FREE"); /* bytes */
  memory[0] = MEMORY, memory[1] = free ? strtoull(free, 0, 10) : MEMORY - 600000000ull, memory[2] = memory[0] - memory[1];
  return 0;
}
