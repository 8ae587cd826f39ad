/* The runtime: kernels are counted by name; memory and devices are the driver's. */
#include "fake.h"
#define LIBRARY "cudart"

typedef struct { unsigned x, y, z; } Dim;

static struct { const void *function; const char *name; } *kernels;
static unsigned count, room, sorted;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *handles[8192];

void **__cudaRegisterFatBinary(void *binary) { static int next; return &handles[next++ % 8192]; }
void __cudaUnregisterFatBinary(void **handle) {}
void __cudaRegisterFunction(void **handle, const char *function, char *device, const char *name, int limit, void *a, void *b, void *c, void *d, int *e) {
  pthread_mutex_lock(&lock);
  if (count == room) kernels = realloc(kernels, (room = room ? 2 * room : 65536) * sizeof *kernels);
  kernels[count].function = function;
  kernels[count++].name = name;
  pthread_mutex_unlock(&lock);
}

static int by_address(const void *one, const void *other) { return *(char *const *)one < *(char *const *)other ? -1 : *(char *const *)one > *(char *const *)other; }
static const char *name_of(const void *function) {
  pthread_mutex_lock(&lock);
  if (sorted != count) qsort(kernels, count, sizeof *kernels, by_address), sorted = count;
  unsigned low = 0, high = count;
  while (low < high) { const unsigned middle = (low + high) / 2; if ((char *)kernels[middle].function < (char *)function) low = middle + 1; else high = middle; }
  const char *name = low < count && kernels[low].function == function ? kernels[low].name : "?";
  pthread_mutex_unlock(&lock);
  return name;
}
static int launched(const void *function) { fake_count("kernel %s", name_of(function)); return 0; }
int cudaLaunchKernel(const void *function, Dim grid, Dim block, void **arguments, size_t shared, void *stream) { return launched(function); }
int cudaLaunchKernelExC(const void *configuration, const void *function, void **arguments) { return launched(function); }
int cudaLaunchCooperativeKernel(const void *function, Dim grid, Dim block, void **arguments, size_t shared, void *stream) { return launched(function); }
int cudaGetFuncBySymbol(void **function, const void *symbol) { *function = strdup(name_of(symbol)); return 0; }

static __thread struct { Dim grid, block; size_t shared; void *stream; } pushed[16];
static __thread int depth;
unsigned __cudaPushCallConfiguration(Dim grid, Dim block, size_t shared, void *stream) {
  pushed[depth].grid = grid, pushed[depth].block = block, pushed[depth].shared = shared, pushed[depth++].stream = stream;
  return 0;
}
int __cudaPopCallConfiguration(Dim *grid, Dim *block, size_t *shared, void *stream) {
  *grid = pushed[--depth].grid, *block = pushed[depth].block, *shared = pushed[depth].shared, *(void **)stream = pushed[depth].stream;
  return 0;
}

int cudaGetDevice(int *device) { *device = 0; return 0; }
int cudaGetDeviceCount(int *devices) { extern int cuDeviceGetCount(int *); return cuDeviceGetCount(devices); }
int cudaRuntimeGetVersion(int *version) { *version = 12050; return 0; }
int cudaDriverGetVersion(int *version) { *version = 13000; return 0; }
int cudaDeviceGetAttribute(int *value, int attribute, int device) { extern int cuDeviceGetAttribute(int *, int, int); return cuDeviceGetAttribute(value, attribute, device); }

/* struct cudaDeviceProp of CUDA 12: four bytes each at these offsets; sizes of memory have eight. */
static const struct { int at; long value; } properties[] = {
  {304, 65536}, {308, 32}, {320, 1024}, {324, 1024}, {328, 1024}, {332, 64}, {336, 2147483647}, {340, 65535}, {344, 65535}, {348, 1980000},
  {360, 9}, {388, 132}, {576, 1}, {600, 3}, {604, 1}, {608, 2619000}, {612, 5120}, {616, 52428800}, {624, 2048}, {628, 1}, {648, 65536},
  {652, 1}, {712, 32}};
static const struct { int at; size_t value; } sizes[] = {{288, MEMORY}, {296, 49152}, {312, 2147483647}, {352, 65536}, {640, 233472}, {696, 232448}};
int cudaGetDeviceProperties_v2(char *described, int device) {
  memset(described, 0, 1032);
  strcpy(described, "Fake H100");
  for (int i = 0; i < sizeof properties / sizeof *properties; i++) *(int *)(described + properties[i].at) = properties[i].value;
  for (int i = 0; i < sizeof sizes / sizeof *sizes; i++) *(size_t *)(described + sizes[i].at) = sizes[i].value;
  return 0;
}
int cudaFuncGetAttributes(char *attributes, const void *function) {
  memset(attributes, 0, 64);
  ((int *)attributes)[6] = 1024, ((int *)attributes)[7] = 32, ((int *)attributes)[8] = ((int *)attributes)[9] = 90;
  return 0;
}
int cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, const void *function, int size, size_t shared) { *blocks = 2; return 0; }
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, const void *function, int size, size_t shared, unsigned flags) { *blocks = 2; return 0; }

// 3: within the memory of a GPU, which copies there without the host; what lies there is nothing anyway.
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream) { CALLED; if (kind != 3) memmove(to, from, bytes); return 0; }
int cudaMemcpy(void *to, const void *from, size_t bytes, int kind) { CALLED; memmove(to, from, bytes); return 0; }
int cudaMemsetAsync(void *to, int value, size_t bytes, void *stream) { CALLED; return 0; }
int cudaMalloc(void **pointer, size_t bytes) { CALLED; return (*pointer = fake_alloc(bytes)) ? 0 : 2; }
int cudaFree(void *pointer) { fake_free(pointer); return 0; }
const char *cudaGetErrorString(int code) { return "fake"; }
const char *cudaGetErrorName(int code) { return "FAKE"; }
int cudaStreamIsCapturing(void *stream, int *capturing) { *capturing = 0; return 0; }
