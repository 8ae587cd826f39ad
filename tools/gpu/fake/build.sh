#!/usr/bin/env bash
# Builds a driver of NVIDIA that takes every call, counts it and computes nothing; memory of the GPU is memory of the host. With it
# libtensorflow registers a GPU on a machine without one and runs every operation's host part; the numbers are garbage.
#
#   bash build.sh FOLDER-OF-LIBTENSORFLOW TARGET
#
# TARGET/driver    what belongs to a driver, libcuda and NVML: LD_LIBRARY_PATH=TARGET/driver
# TARGET/runtime   cudart and cuBLAS, the real ones of which call the driver in ways that are not known. An installation opens its own by
#                  their paths; these are found by their names before them: LD_PRELOAD="TARGET/runtime/libcudart.so.12 …"
#
# FAKE_CUDA_LOG=FILE     every process adds what was called, a line each: process, count, name
# FAKE_CUDA_DEVICES=2    GPUs of the machine; whatever names a GPU in the log counts them from 0, whatever CUDA_VISIBLE_DEVICES says
# FAKE_CUDA_FREE=BYTES   memory that NVML calls free
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$2/driver" "$2/runtime" "$2/source"
# Every function of these libraries that libtensorflow knows by its name: whole texts between two zeros.
LC_ALL=C grep -ahzxE '(__cuda|cuda|cublas|cublasLt|cu|nvml)[A-Z][A-Za-z0-9_]+' "$1"/libtensorflow_{framework,cc}.so.2 | tr '\0' '\n' |
  sort -u >"$2/source/names"
compile() { ${CC:-cc} -O1 -shared -fPIC -w -fno-builtin -I"$here" "$@" -ldl -lpthread; }
compile "$here/common.c" -Wl,-soname,libfakecommon.so -o "$2/driver/libfakecommon.so"

# library NAME FOLDER FILE PATTERN…: what NAME.c does not define returns 0 and is counted.
library() {
  local own source
  own=$(sed -nE 's/^[a-z][a-z ]*[ *]+([A-Za-z_0-9]+)\(.*/\1/p' "$here/$1.c")
  source=$target/source/$1.c
  { echo "#include \"$here/$1.c\""; grep -E "$4" "$target/source/names" | grep -vxF "$own" |
    sed "s/.*/long &(void) { fake_call(\"$1\", \"&\"); return 0; }/" || true; } >"$source"
  compile "$source" -Wl,-soname,"$3" -Wl,-rpath,'$ORIGIN/../driver' -L"$target/driver" -lfakecommon "${@:5}" -o "$target/$2/$3"
}
target=$2
library cuda driver libcuda.so.1 '^cu[A-Z]'
library nvml driver libnvidia-ml.so.1 '^nvml'
library cudart runtime libcudart.so.12 '^(__)?cuda[A-Z]' -l:libcuda.so.1
library cublas runtime libcublas.so.12 '^cublas([A-KM-Z]|L[^t])'
library cublasLt runtime libcublasLt.so.12 '^cublasLt'
