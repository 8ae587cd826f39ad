#!/usr/bin/env bash
# python.sh NAME FOLDER prints the folder of a virtual environment with what a check needs of Python: below PROMPTWEAVE_ENVIRONMENTS where
# `.ci/run` has begun to make them for its checks, else below FOLDER. Who comes while it is being made waits.
set -euo pipefail
onnx=(onnx==1.23.1 onnxruntime==1.30.0 pillow)
case $1 in
  mlflow) packages=(mlflow==3.17.2 "${onnx[@]}") ;;
  onnx) packages=("${onnx[@]}") ;;
  ray) packages=('ray[default]>=2.40,<3') ;;
esac
place=${PROMPTWEAVE_ENVIRONMENTS:-$2}
mkdir -p "$place"
exec 9>"$place/lock"
flock 9

# uv needs less processor time than pip, and unpacks once what several environments have.
with_uv() {
  local uv=$place/uv/bin/uv
  [ -x "$uv" ] || { python3 -m venv "$place/uv" && "$place/uv/bin/pip" install --quiet --disable-pip-version-check --no-compile uv; } &&
    "$uv" venv --quiet --seed --clear --python python3 "$place/$1" &&
    UV_HTTP_TIMEOUT=180 "$uv" pip install --quiet --python "$place/$1" "${packages[@]}"
}
# Where the index is one that pip alone is configured with.
with_pip() {
  python3 -m venv --clear "$place/$1" &&
    "$place/$1/bin/pip" install --quiet --disable-pip-version-check --no-compile "${packages[@]}"
}
if [ ! -e "$place/$1/whole" ]; then
  { with_uv "$1" || with_pip "$1"; } >&2 || { echo "$1 cannot be installed: see above (Debian: apt-get install python3-venv)." >&2; exit 1; }
  touch "$place/$1/whole"
fi
echo "$place/$1"
