/* Products, by their sizes, and whether they may round to TF32. */
#include "fake.h"
#define LIBRARY "cublas"

int cublasCreate_v2(void **handle) { CALLED; *handle = malloc(64); return 0; }
int cublasGetVersion_v2(void *handle, int *version) { *version = 120503; return 0; }
int cublasGetProperty(int kind, int *value) { *value = kind == 0 ? 12 : kind == 1 ? 5 : 3; return 0; }
int cublasGetMathMode(void *handle, int *mode) { *mode = 0; return 0; }
int cublasSetMathMode(void *handle, int mode) { if (mode == 3) fake_count("cublas TF32"); return 0; }
int cublasGetPointerMode_v2(void *handle, int *mode) { *mode = 0; return 0; }
