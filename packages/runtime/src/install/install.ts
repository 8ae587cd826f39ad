import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { BackendError } from '@promptweave/core';
import { runtimeFolder } from '../cache-folder.js';
import { explainUnusedGpu } from '../gpu/unused-gpu.js';
import { fusedOperations } from '../native/fused.js';
import { type CheckedInstallation, checkInstallation } from './check-installation.js';
import { compileBinding, compileForGpu, compileFused, findCompiler, layout } from './compile-binding.js';
import { chooseCuda, cudaRequirements, givenCuda, makeExecutable } from './cuda.js';
import { cutSymbols } from './cut-symbols.js';
import { diskErrorOr, requireDiskSpace } from './disk-space.js';
import { extractFiles, type InstalledFile, sha256OfFile } from './extract.js';
import { withInstallLock } from './install-lock.js';
import {
  format,
  type Installation,
  type InstallationManifest,
  listRuntimes,
  removeUnlinked,
  storeFolder,
} from './installation.js';
import { downloadWheels } from './pip.js';
import { defaultTensorflow, knownWheels, type WheelPlatform, wheelPlatform } from './platform.js';
import type { OnProgress } from './progress.js';
import { placeTfjsNode, tfjsVersion } from './tfjs-node-package.js';
import {
  brokenWheel,
  openPackedWheel,
  openUnpackedWheel,
  readWheelInformation,
  type WheelInformation,
  type WheelSource,
} from './wheel-source.js';

export interface InstallOptions {
  /** Take the CUDA build and nvidia's libraries that are needed (Linux x86-64; 2 GB). */
  readonly gpu?: boolean;
  /** TensorFlow's version; 2.12 to 2.21 are known to work. */
  readonly tensorflow?: string;
  /**
   * A wheel, a folder of wheels, or a folder where the wheel is installed (`site-packages`), instead of the network. The archive
   * that `npm pack @tensorflow/tfjs-node-gpu@VERSION` makes is taken from the same folder, where it lies there.
   */
  readonly from?: string;
  /** Install anew what is there already. */
  readonly force?: boolean;
  readonly onProgress?: OnProgress;
}

/**
 * Puts libtensorflow and the binding compiled for it into the cache: the wheel comes from pip's index or from `from`, only the
 * libraries and headers are taken out, every hash is checked, the result is run before it counts. Interrupted at any moment, it
 * leaves the former installation, or none; the next run clears up. Processes that install at once wait for each other.
 *
 * @returns the installation, the one that was there already where nothing had to be done
 * @throws BackendError naming what is missing (compiler, Python, pip, network, disk space) and how to get it
 */
export async function installRuntime(options: InstallOptions = {}): Promise<Installation> {
  const platform = wheelPlatform();
  const variant = options.gpu ? 'cuda' : 'cpu';
  if (options.gpu && !platform.cudaDistribution) {
    throw new BackendError(`There is no CUDA build of TensorFlow for ${platform.machine}.`, {
      where: '--gpu',
      remedy: 'Leave --gpu out.',
    });
  }
  const onProgress = options.onProgress ?? (() => undefined);
  return withInstallLock(onProgress, async (lock) => {
    await removeUnlinked();
    const nameOf = (version: string): string => `${version}-${variant}-${platform.machine}`;
    const usable = async (name: string): Promise<Installation | undefined> =>
      (await listRuntimes()).find((entry) => entry.name === name && !entry.problem);
    const asked = options.from ? undefined : nameOf(options.tensorflow ?? defaultTensorflow);
    const present = asked && !options.force ? await usable(asked) : undefined;
    if (present) return present;

    await findCompiler();
    const folder = join(storeFolder(), randomUUID());
    await mkdir(folder, { recursive: true });
    try {
      const manifest = await build(folder, platform, variant, options, onProgress);
      lock.requireHeld();
      const name = nameOf(manifest.tensorflow);
      const link = `${folder}.link`;
      await symlink(relative(runtimeFolder(), folder), link);
      await rename(link, join(runtimeFolder(), name));
      onProgress({ step: 'done', message: name });
      const installed = await usable(name);
      if (installed) return installed;
      throw new BackendError(`${name} was installed but is gone.`, {
        where: runtimeFolder(),
        remedy: 'Run `npx promptweave runtime install` again, without other programs changing the cache.',
      });
    } catch (cause) {
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
      throw diskErrorOr(cause, folder, () => (cause instanceof Error ? cause : new Error(String(cause))));
    }
  });
}

/** Makes a whole installation in `folder`; its manifest, written last, says so. */
async function build(
  folder: string,
  platform: WheelPlatform,
  variant: 'cpu' | 'cuda',
  options: InstallOptions,
  onProgress: OnProgress,
): Promise<InstallationManifest> {
  // The wheel (0.3 GB), its two libraries unpacked (0.9 GB); with CUDA 1.2 and 2.2 GB.
  await requireDiskSpace(folder, variant === 'cuda' ? 3.6e9 : 1.4e9);
  const distribution = (variant === 'cuda' && platform.cudaDistribution) || platform.distribution;
  const version = options.tensorflow ?? defaultTensorflow;
  const download = (requirements: readonly string[]): Promise<string[]> => {
    onProgress({ step: 'download', message: requirements.join(', ') });
    return downloadWheels(requirements, platform, folder, onProgress);
  };
  const files: Record<string, InstalledFile> = {};
  const wheels: { file: string; sha256?: string }[] = [];
  const take = async (
    path: string | WheelSource,
    choose: (wheel: WheelSource) => Map<string, string>,
  ): Promise<WheelInformation> => {
    const wheel = typeof path === 'string' ? await openPackedWheel(path) : path;
    try {
      const sha256 = wheel.where.endsWith('.whl') ? await sha256OfFile(wheel.where) : undefined;
      const expected = knownWheels[basename(wheel.where)];
      if (expected && sha256 !== expected)
        throw brokenWheel(wheel.where, 'its SHA-256 is not that of the published wheel');
      const information = await readWheelInformation(wheel);
      Object.assign(files, await extractFiles(wheel, information, choose(wheel), folder, onProgress));
      wheels.push({ file: basename(wheel.where), ...(sha256 && { sha256 }) });
      return information;
    } finally {
      wheel.close();
    }
  };

  const given = options.from ? await openGiven(resolve(options.from), distribution) : undefined;
  const main = given?.main ?? (await download([`${distribution}==${version}`]))[0];
  if (!main) throw new BackendError(`pip downloaded nothing for ${distribution}.`, { where: 'pip download' });
  const information = await take(main, (wheel) => chooseTensorflow(wheel, platform));
  if (options.tensorflow && options.tensorflow !== information.version) {
    throw new BackendError(`The wheel holds TensorFlow ${information.version}, not ${options.tensorflow}.`, {
      where: options.from,
      remedy: 'Leave --tensorflow out, or give the wheel of that version.',
    });
  }
  if (variant === 'cuda') {
    const requirements = cudaRequirements(information);
    const found = await Promise.all(requirements.map((one) => given && givenCuda(given.folder, one)));
    const missing = requirements.filter((_, i) => found[i] === undefined);
    const downloaded = missing.length > 0 ? (await download(missing)).filter((file) => file !== main) : [];
    for (const wheel of [...found, ...downloaded]) if (wheel !== undefined) await take(wheel, chooseCuda);
    await makeExecutable(folder, files);
  }
  onProgress({ step: 'compile', message: 'the binding between TensorFlow and Node' });
  await placeTfjsNode(folder, given?.folder);
  await Promise.all(['wheels', 'pip', 'npm'].map((name) => rm(join(folder, name), { recursive: true, force: true })));
  const compiler = await compileBinding(folder, platform);
  const forGpu = variant === 'cuda' ? await compileForGpu(folder, platform) : [];
  const uncompiled = await fuse(folder, platform, onProgress);
  await rm(join(folder, layout.linked), { recursive: true, force: true });
  for (const library of platform.libraries) await cutSymbols(join(folder, library)); // nothing more is linked to them
  onProgress({ step: 'check', message: 'one of every operation' });
  const { checked, notFused = uncompiled } = await check(folder, information.version, onProgress);
  if (variant === 'cuda') onProgress({ step: 'check', message: gpuText(checked) });
  for (const built of [
    ...platform.libraries,
    layout.binding,
    layout.quiet,
    layout.signals,
    layout.programs,
    ...forGpu,
    ...(notFused ? [] : [layout.fused]),
  ]) {
    const path = join(folder, built);
    files[built] = { bytes: (await stat(path)).size, sha256: await sha256OfFile(path) };
  }

  const manifest: InstallationManifest = {
    format,
    tensorflow: information.version,
    variant,
    machine: platform.machine,
    tfjs: tfjsVersion,
    wheels,
    compiler,
    ...(notFused ? { notFused } : { fused: fusedOperations }),
    installedAt: new Date().toISOString(),
    files,
  };
  await writeFile(join(folder, layout.manifest), JSON.stringify(manifest, null, 2));
  return manifest;
}

/** Whether a GPU computed, and what mends it where none did. */
function gpuText({ usesGpu, gpu, operations, problem }: CheckedInstallation): string {
  if (usesGpu) return `${operations} operations are right on ${gpu}`;
  const { what, remedy } = explainUnusedGpu(problem);
  return `${what} ${remedy}`;
}

/** Compiles the fused operations, or says why an installation does without them: it computes the same, only slower. */
async function fuse(folder: string, platform: WheelPlatform, onProgress: OnProgress): Promise<string | undefined> {
  onProgress({ step: 'compile', message: 'operations for frozen blocks' });
  try {
    await compileFused(folder, platform);
    return undefined;
  } catch (cause) {
    if (!(cause instanceof BackendError)) throw cause;
    onProgress({ step: 'compile', message: `goes on without them: ${cause.message}` });
    return cause.message;
  }
}

/** Runs what was made, and again without the fused operations where it fails with them: then `notFused` says why they are gone. */
async function check(
  folder: string,
  version: string,
  onProgress: OnProgress,
): Promise<{ checked: CheckedInstallation; notFused?: string }> {
  try {
    return { checked: await checkInstallation(folder, version) };
  } catch (cause) {
    const fused = join(folder, layout.fused);
    if (!(cause instanceof BackendError) || !existsSync(fused)) throw cause;
    await rm(fused);
    const checked = await checkInstallation(folder, version);
    onProgress({ step: 'check', message: `goes on without the fused operations: ${cause.message}` });
    return { checked, notFused: cause.message };
  }
}

/** The two libraries, and the headers that the C API's own headers include in any version since 2.12 (0.3 MB). */
function chooseTensorflow(wheel: WheelSource, platform: WheelPlatform): Map<string, string> {
  const missing = platform.libraries.filter((library) => !wheel.files.includes(library));
  if (missing.length > 0) {
    throw new BackendError(
      `${basename(wheel.where)} is not a wheel of TensorFlow for ${platform.machine}: it holds no ${missing.join(', ')}.`,
      {
        where: wheel.where,
        remedy: `Give the wheel of \`${platform.distribution}\` for ${platform.machine}, from version 2.12 on.`,
      },
    );
  }
  const header =
    /^tensorflow\/include\/(?:.*\/)?(?:ctstring(?:_internal)?\.h|tsl_status\.h|tensorflow\/c\/(?:eager\/)?[a-z_]+\.h)$/;
  const headers = wheel.files.filter((file) => header.test(file));
  return new Map([
    ...platform.libraries.map((library): [string, string] => [library, library]),
    ...headers.map((file): [string, string] => [file, file.replace(/^tensorflow\//, '')]),
  ]);
}

/** What `--from` names: a wheel, a folder with one, or a folder where one was unpacked. */
async function openGiven(path: string, distribution: string): Promise<{ main: string | WheelSource; folder: string }> {
  const kind = await stat(path).catch((cause: unknown) => {
    throw new BackendError(`${path} cannot be read.`, {
      where: '--from',
      remedy: 'Give a wheel or a folder that exists.',
      cause,
    });
  });
  if (kind.isFile()) return { main: path, folder: dirname(path) };
  const names = (await readdir(path)).filter((name) => name.endsWith('.whl'));
  const wanted = `${distribution.replaceAll('-', '_')}-`;
  const tensorflow =
    names.find((name) => name.startsWith(wanted)) ?? names.find((name) => /^tensorflow(_cpu)?-/.test(name));
  if (tensorflow) return { main: join(path, tensorflow), folder: path };
  for (const name of new Set([distribution, 'tensorflow', 'tensorflow-cpu'])) {
    const found = await openUnpackedWheel(path, name).catch((cause: unknown) => {
      if (cause instanceof BackendError) return undefined;
      throw cause;
    });
    if (found) return { main: found, folder: path };
  }
  throw new BackendError(`${path} holds no wheel of TensorFlow, neither packed nor unpacked.`, {
    where: '--from',
    remedy: `Give a file such as ${wanted}${defaultTensorflow}-….whl, its folder, or a site-packages folder.`,
  });
}
