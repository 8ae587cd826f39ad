/* The driver. Functions that are not here return 0. */
#include "fake.h"
#define LIBRARY "driver"

static int visible[16], gpus;
int cuInit(unsigned flags) { CALLED; gpus = fake_visible(visible); return gpus ? 0 : 100; }
int cuDriverGetVersion(int *version) { *version = 13000; return 0; }
int cuGetErrorName(int code, const char **name) { *name = code == 100 ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR"; return 0; }
int cuGetErrorString(int code, const char **text) { *text = code == 100 ? "no CUDA-capable device is detected" : "fake"; return 0; }

int cuDeviceGetCount(int *count) { *count = gpus; return 0; }
int cuDeviceGet(int *device, int index) { *device = index; return index < gpus ? 0 : 101; }
int cuDeviceGetName(char *name, int length, int device) { snprintf(name, length, "Fake H100"); return 0; }
int cuDeviceGetUuid(char *uuid, int device) { fake_uuid(visible[device], uuid); return 0; }
int cuDeviceGetUuid_v2(char *uuid, int device) { return cuDeviceGetUuid(uuid, device); }
int cuDeviceGetPCIBusId(char *id, int length, int device) { snprintf(id, length, "0000:%02x:00.0", visible[device] + 4); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = MEMORY; return 0; }
int cuDeviceComputeCapability(int *major, int *minor, int device) { *major = 9, *minor = 0; return 0; }
int cuDeviceCanAccessPeer(int *can, int one, int other) { *can = 0; return 0; }

/* Those of an H100, by the numbers of CUdevice_attribute. */
static const int attributes[][2] = {
  {1, 1024}, {2, 1024}, {3, 1024}, {4, 64}, {5, 2147483647}, {6, 65535}, {7, 65535}, {8, 49152}, {9, 65536}, {10, 32}, {11, 2147483647},
  {12, 65536}, {13, 1980000}, {14, 512}, {15, 1}, {16, 132}, {19, 1}, {36, 2619000}, {37, 5120}, {38, 52428800}, {39, 2048}, {40, 3},
  {41, 1}, {75, 9}, {81, 233472}, {82, 65536}, {83, 1}, {97, 232448}, {106, 32}, {111, 1024}};
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  *value = attribute == 33 ? visible[device] + 4 : 0;
  for (int i = 0; i < sizeof attributes / sizeof *attributes; i++) if (attributes[i][0] == attribute) *value = attributes[i][1];
  return 0;
}

/* A context is the address of its device's place here. */
static char contexts[16];
static __thread char *context;
int cuDevicePrimaryCtxRetain(void **made, int device) { fake_count("context on GPU %d", visible[device]); *made = &contexts[device]; return 0; }
int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) { *flags = 0, *active = 1; return 0; }
int cuCtxGetCurrent(void **current) { *current = context; return 0; }
int cuCtxSetCurrent(void *current) { context = current; return 0; }
int cuCtxPushCurrent_v2(void *current) { context = current; return 0; }
int cuCtxPopCurrent_v2(void **current) { if (current) *current = context; return 0; }
int cuCtxGetDevice(int *device) { *device = context ? (int)(context - contexts) : 0; return 0; }
int cuCtxGetApiVersion(void *given, unsigned *version) { *version = 3020; return 0; }
int cuCtxGetStreamPriorityRange(int *least, int *greatest) { *least = 0, *greatest = -5; return 0; }

int cuMemGetInfo_v2(size_t *available, size_t *total) { *total = MEMORY, *available = MEMORY - 600000000ull - fake_used(); return 0; }
int cuMemAlloc_v2(uint64_t *pointer, size_t bytes) { CALLED; *pointer = (uint64_t)fake_alloc(bytes); return *pointer ? 0 : 2; }
int cuMemFree_v2(uint64_t pointer) { fake_free((void *)pointer); return 0; }
int cuMemHostAlloc(void **pointer, size_t bytes, unsigned flags) { return posix_memalign(pointer, 4096, bytes); } // pages, as a driver gives them
int cuMemFreeHost(void *pointer) { free(pointer); return 0; }
int cuMemHostGetDevicePointer_v2(uint64_t *device, void *pointer, unsigned flags) { *device = (uint64_t)pointer; return 0; }
int cuMemGetAddressRange_v2(uint64_t *base, size_t *bytes, uint64_t pointer) { if (base) *base = pointer; if (bytes) *bytes = 1 << 20; return 0; }
int cuMemGetAllocationGranularity(size_t *bytes, void *properties, int option) { *bytes = 2 << 20; return 0; }
int cuPointerGetAttribute(void *value, int attribute, uint64_t pointer) {
  if (attribute == 1) *(void **)value = context; else *(int *)value = attribute == 2 ? 2 /* memory of a device */ : attribute == 9 ? 0 : 0;
  return 0;
}

static int copy(const char *name, void *to, const void *from, size_t bytes) { fake_call(LIBRARY, name); memmove(to, from, bytes); return 0; }
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) { return copy(__func__, (void *)to, from, bytes); }
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) { return copy(__func__, to, (void *)from, bytes); }
// A GPU copies within its memory without the host; what lies there is nothing anyway.
int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) { CALLED; return 0; }
int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) { return copy(__func__, (void *)to, from, bytes); }
int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) { return copy(__func__, to, (void *)from, bytes); }
int cuMemcpyAsync(uint64_t to, uint64_t from, size_t bytes, void *stream) { return copy(__func__, (void *)to, (void *)from, bytes); }
int cuMemsetD8Async(uint64_t to, unsigned char value, size_t bytes, void *stream) { CALLED; return 0; }
int cuMemsetD32Async(uint64_t to, unsigned value, size_t count, void *stream) { CALLED; for (size_t i = 0; i < count; i++) ((unsigned *)to)[i] = value; return 0; }

static void *fresh(void) { static uint64_t last = 0x700000000000; return (void *)__sync_add_and_fetch(&last, 64); }
int cuStreamCreate(void **stream, unsigned flags) { *stream = fresh(); return 0; }
int cuStreamCreateWithPriority(void **stream, unsigned flags, int priority) { *stream = fresh(); return 0; }
int cuStreamGetPriority(void *stream, int *priority) { *priority = 0; return 0; }
int cuStreamGetCtx(void *stream, void **made) { *made = &contexts[0]; return 0; }
int cuStreamIsCapturing(void *stream, int *capturing) { *capturing = 0; return 0; }
int cuEventCreate(void **event, unsigned flags) { *event = fresh(); return 0; }
int cuEventElapsedTime(float *ms, void *start, void *end) { *ms = 0.01f; return 0; }
int cuEventElapsedTime_v2(float *ms, void *start, void *end) { *ms = 0.01f; return 0; }
int cuLaunchHostFunc(void *stream, void (*function)(void *), void *data) { function(data); return 0; }
int cuStreamAddCallback(void *stream, void (*function)(void *, int, void *), void *data, unsigned flags) { function(stream, 0, data); return 0; }

int cuModuleLoadData(void **module, const void *image) { CALLED; *module = fresh(); return 0; }
int cuModuleLoadDataEx(void **module, const void *image, unsigned count, void *options, void *values) { CALLED; *module = fresh(); return 0; }
int cuModuleLoadFatBinary(void **module, const void *image) { CALLED; *module = fresh(); return 0; }
int cuModuleGetFunction(void **function, void *module, const char *name) { *function = strdup(name); return 0; }
int cuModuleGetGlobal_v2(uint64_t *pointer, size_t *bytes, void *module, const char *name) { return 500; }
int cuModuleGetLoadingMode(int *mode) { *mode = 2; return 0; }
int cuFuncGetAttribute(int *value, int attribute, void *function) { *value = attribute == 0 ? 1024 : 32; return 0; }
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *stream, void **arguments, void **extra) {
  fake_count("kernel %s", (char *)function);
  return 0;
}
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *function, int size, size_t shared) { *blocks = 2; return 0; }
int cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, void *function, int size, size_t shared, unsigned flags) { *blocks = 2; return 0; }
int cuOccupancyMaxPotentialBlockSize(int *grid, int *block, void *function, void *callback, size_t shared, int limit) { *grid = 264, *block = 256; return 0; }
int cuOccupancyMaxPotentialBlockSizeWithFlags(int *grid, int *block, void *function, void *callback, size_t shared, int limit, unsigned flags) { *grid = 264, *block = 256; return 0; }

int cuGetProcAddress(const char *name, void **function, int version, uint64_t flags) { *function = dlsym(RTLD_DEFAULT, name); return *function ? 0 : 500; }
int cuGetProcAddress_v2(const char *name, void **function, int version, uint64_t flags, int *status) {
  const int code = cuGetProcAddress(name, function, version, flags);
  if (status) *status = code ? 1 : 0;
  return code;
}
int cuGetExportTable(const void **table, const void *id) { return 1; }
int cuDeviceGetDefaultMemPool(void **pool, int device) { *pool = fresh(); return 0; }
int cuDeviceGetMemPool(void **pool, int device) { *pool = fresh(); return 0; }
