/**
 * What has to be so before libtensorflow is loaded for an NVIDIA GPU, and why it uses none where it does not. Plain JavaScript, because the
 * installer's self-check runs it, too.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';

/** The libraries without which TensorFlow registers no GPU: nvidia's own, or empty ones in place of those that are never called. */
const wanted = /^lib(cudart|cublasLt|cublas|cufft|cusolver|cusparse|cudnn)\.so[.\d]*$/;

/** The driver's libraries, which belong to the machine. */
const ofDriver = ['libcuda.so.1', 'libnvidia-ml.so.1'];

/**
 * Prepares this process: one visible GPU, memory that grows, folders of the compiler and of what it compiled, and all libraries opened by
 * their paths, for TensorFlow's own search leaves one of their folders out. What the user has set stays.
 *
 * @param {string} folder an installation
 * @param {NodeJS.Require} requireFrom of that folder
 * @param {string} [compiled] folder for what TensorFlow compiles while it runs
 * @returns {import('./load.js').NativeGpu & { restore: () => void }} `restore`: to be called when TensorFlow is loaded, so that child
 *   processes see all GPUs that this one was given
 */
export function prepareGpu(folder, requireFrom, compiled) {
  const addon = requireFrom('./binding/gpu.node');
  const { env } = process;
  const given = env.CUDA_VISIBLE_DEVICES;
  env.CUDA_DEVICE_ORDER ??= 'PCI_BUS_ID'; // as nvidia-smi counts
  env.CUDA_VISIBLE_DEVICES = oneGpu(given);
  env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  // 0 forbids cuBLAS to round to TF32, whatever the program says; anything else would force it to. The program decides (gpu.cc).
  if (env.NVIDIA_TF32_OVERRIDE !== '0') delete env.NVIDIA_TF32_OVERRIDE;
  if (compiled && env.TF_JIT_CACHE_DIR === undefined) {
    mkdirSync(compiled, { recursive: true });
    env.TF_JIT_CACHE_DIR = compiled;
  }
  const compiler = join(folder, 'nvidia', 'cuda_nvcc');
  if (!env.XLA_FLAGS?.includes('--xla_gpu_cuda_data_dir') && existsSync(compiler)) {
    env.XLA_FLAGS = [env.XLA_FLAGS, `--xla_gpu_cuda_data_dir="${compiler}"`].filter(Boolean).join(' ');
  }
  const problem = findProblem(addon, folder);
  const restore = () => {
    if (given === undefined) delete env.CUDA_VISIBLE_DEVICES;
    else env.CUDA_VISIBLE_DEVICES = given;
  };
  const framework = join(folder, 'tensorflow', 'libtensorflow_framework.so.2');
  const allowTensorFloat32 = (on) => addon.allowTensorFloat32(framework, on);
  return { addon, restore, allowTensorFloat32, ...(problem ? { problem } : { first: firstGpu(addon) }) };
}

/** TensorFlow.js puts tensors on the last GPU and computes on the first: a process sees one, the first of those that it is given. */
export function oneGpu(given) {
  return given === undefined ? '0' : given.split(',')[0].trim();
}

/** The GPU that computes, and its memory before this process has any of it. */
function firstGpu(addon) {
  const uuid = addon.firstGpu();
  const { driver = 'unknown' } = addon.gpus() ?? {};
  const found = uuid && (addon.gpu(`GPU-${uuid}`) ?? addon.gpu(`MIG-${uuid}`));
  return { ...(found || { name: 'a GPU that NVML does not know', uuid: '', total: 0, free: 0 }), driver };
}

function findProblem(addon, folder) {
  const { env } = process;
  if (!/^(\d|GPU-|MIG-)/.test(env.CUDA_VISIBLE_DEVICES)) {
    return { kind: 'hidden', message: `CUDA_VISIBLE_DEVICES is "${env.CUDA_VISIBLE_DEVICES}"` };
  }
  const closed = closedLibrary(addon, folder);
  // With a GPU in sight and one of them missing, TensorFlow ends the process. The driver looks at this when it begins, for good.
  if (closed) env.CUDA_VISIBLE_DEVICES = '';
  const message = closed ? undefined : addon.driverError();
  return message ? { kind: 'driver', message } : closed;
}

/** What cannot be opened, of the driver first. */
function closedLibrary(addon, folder) {
  for (const library of ofDriver) {
    const message = addon.open(library);
    if (message) return { kind: library, message };
  }
  const closed = librariesIn(folder).flatMap((library) => addon.open(library) ?? []);
  return closed.length > 0 ? { kind: 'libraries', message: closed.join('; ') } : undefined;
}

/** In the order in which one needs the other. */
function librariesIn(folder) {
  const order = ['cudart', 'cublasLt', 'cublas'];
  const rank = (file) => {
    const at = order.indexOf(wanted.exec(file.split(sep).at(-1))[1]);
    return at < 0 ? order.length : at;
  };
  const files = readdirSync(join(folder, 'nvidia'), { recursive: true });
  return files
    .filter((file) => wanted.test(file.split(sep).at(-1)))
    .sort((a, b) => rank(a) - rank(b))
    .map((file) => join(folder, 'nvidia', file));
}
