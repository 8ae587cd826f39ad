import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError } from '@promptweave/core';
import { diskFull } from './disk-space.js';
import { type WheelPlatform, wheelPython } from './platform.js';
import type { OnProgress } from './progress.js';

/** How often a download is tried that comes damaged, as large ones do now and then. */
const ATTEMPTS = 3;
const isDamaged = (output: string): boolean => /do not match the hashes/i.test(output);

/**
 * Downloads wheels with the machine's pip, from the index that pip is configured with. pip checks them against the hashes the
 * index gives. Partial files stay inside `folder`, so that whoever removes it removes everything.
 *
 * @param requirements such as `tensorflow-cpu==2.21.0`; what they depend on is not downloaded
 * @returns paths of the wheels, in no particular order
 * @throws BackendError without Python, pip, network, space, or a wheel that fits
 */
export async function downloadWheels(
  requirements: readonly string[],
  platform: WheelPlatform,
  folder: string,
  onProgress: OnProgress,
): Promise<string[]> {
  const python = await findPython();
  const [target, temporary] = [join(folder, 'wheels'), join(folder, 'pip')];
  await mkdir(target, { recursive: true });
  await mkdir(temporary, { recursive: true });
  const choice = [
    '--python-version',
    wheelPython.version,
    '--implementation',
    wheelPython.implementation,
    '--abi',
    wheelPython.abi,
  ];
  // nvidia's wheels are for any Python; pip takes them only when their ABI is named too.
  const abis = ['--abi', 'abi3', '--abi', 'none'];
  const tags = platform.pipPlatforms.flatMap((tag) => ['--platform', tag]);
  const options = [
    '--no-deps',
    '--only-binary=:all:',
    '--no-cache-dir',
    '--disable-pip-version-check',
    '--progress-bar=off',
    '-d',
    target,
  ];
  const words = ['-m', 'pip', 'download', ...options, ...choice, ...abis, ...tags, ...requirements];
  const { execa } = await import('execa');
  for (let attempt = 1; ; attempt++) {
    const pip = execa(python, words, {
      env: { TMPDIR: temporary },
      reject: false,
      all: true,
      stdin: 'ignore',
      cleanup: true,
    });
    const stop = watchDownload(pip.stdout, folder, onProgress);
    const result = await pip;
    stop();
    if (!result.failed) break;
    const output = result.all ?? '';
    if (attempt === ATTEMPTS || !isDamaged(output)) throw pipError(output, requirements, folder, result);
    onProgress({ step: 'download', message: `${requirements.join(', ')} once more, for it came damaged` });
  }
  return (await readdir(target)).filter((name) => name.endsWith('.whl')).map((name) => join(target, name));
}

/** The first Python with pip among `$PROMPTWEAVE_PYTHON`, `python3` and `python`. */
export async function findPython(): Promise<string> {
  const own = process.env.PROMPTWEAVE_PYTHON;
  let python: string | undefined;
  for (const candidate of own ? [own] : ['python3', 'python']) {
    const { execa } = await import('execa');
    const found = await execa(candidate, ['-m', 'pip', '--version'], { reject: false, all: true, stdin: 'ignore' });
    if (!found.failed) return candidate;
    if (found.exitCode !== undefined) python ??= candidate;
  }
  const [missing, packages] = python
    ? [`${python} has no pip`, 'python3-pip']
    : ['there is no Python', 'python3 python3-pip'];
  throw new BackendError(`TensorFlow's libraries are downloaded with pip, but ${missing}.`, {
    where: own ?? 'PATH',
    remedy:
      `Install it (Debian, Ubuntu: \`sudo apt-get install ${packages}\`; Fedora: \`sudo dnf install python3-pip\`; macOS: \`brew install python\`), ` +
      'or download the wheel elsewhere and give it with `npx promptweave runtime install --from WHEEL`.',
  });
}

/** Says how far the download has come: pip names the size of each file, and the bytes so far are those on the disk. */
function watchDownload(output: NodeJS.ReadableStream | undefined, folder: string, onProgress: OnProgress): () => void {
  let total = 0;
  let file = '';
  output?.on('data', (chunk: Buffer | string) => {
    for (const [, name = '', size = '0', unit = 'MB'] of String(chunk).matchAll(
      /Downloading (\S+) \(([\d.]+) (kB|MB|GB)\)/g,
    )) {
      file = name.slice(name.lastIndexOf('/') + 1);
      total += Number(size) * { kB: 1e3, MB: 1e6, GB: 1e9 }[unit as 'kB' | 'MB' | 'GB'];
    }
  });
  const timer = setInterval(() => {
    if (total === 0) return;
    void folderBytes(folder).then((bytes) =>
      onProgress({ step: 'download', message: file, fraction: Math.min(1, bytes / total) }),
    );
  }, 500);
  timer.unref();
  return () => clearInterval(timer);
}

/** Bytes of all files under a folder; files that vanish meanwhile count nothing. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const elsewhere =
  'Where there is no network, download the wheel on another machine (`pip download --no-deps tensorflow-cpu`) and give it with `npx promptweave runtime install --from WHEEL`; the folder may hold what `npm pack @tensorflow/tfjs-node-gpu` makes, too.';

function pipError(output: string, requirements: readonly string[], folder: string, cause: unknown): BackendError {
  const what = requirements.join(', ');
  if (/No space left on device|Disk quota exceeded/i.test(output))
    return diskFull(folder, `pip could not store ${what}`);
  if (
    /NewConnectionError|NameResolutionError|ConnectTimeout|Connection(Reset|Refused|Error)|ProxyError|SSLError|Read timed out|Temporary failure/i.test(
      output,
    )
  ) {
    return new BackendError(`pip could not reach its package index to download ${what}.`, {
      where: 'pip download',
      remedy: `Check the network and pip's own settings (\`pip config list\`). ${elsewhere}`,
      cause,
    });
  }
  if (isDamaged(output)) {
    return new BackendError(`The download of ${what} does not have the hash that the index gives, ${ATTEMPTS} times.`, {
      where: 'pip download',
      remedy: 'Run the command again; if it persists, a proxy in between alters downloads.',
      cause,
    });
  }
  const versions = /from versions: ([^)]*)\)/.exec(output)?.[1];
  if (versions !== undefined) {
    return new BackendError(
      `pip found no wheel of ${what} for this machine${versions === 'none' ? '' : ` (there are: ${versions})`}.`,
      {
        where: 'pip download',
        remedy:
          versions === 'none'
            ? `Check that pip's index is reachable (\`pip config list\`). ${elsewhere}`
            : 'Choose one of these with `--tensorflow VERSION`.',
        cause,
      },
    );
  }
  return new BackendError(`pip could not download ${what}: ${lastLines(output)}`, {
    where: 'pip download',
    remedy: elsewhere,
    cause,
  });
}

/** The end of a program's output, for an error message. */
export function lastLines(output: string, count = 5): string {
  return output.trim().split('\n').slice(-count).join('\n');
}
