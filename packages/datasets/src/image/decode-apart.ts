import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ApartAnswer, ApartRequest } from './decode-process.js';
import { missingLibheif } from './missing-decoder.js';
import type { RgbImage } from './rgb-image.js';

/** The compiled file that the process runs; where the sources run, as in tests, that of the build. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/image/decode-process.js' : './decode-process.js',
  import.meta.url,
);
/** Milliseconds for an image at most, and for each of its bytes: a drawing is small, a photo of 12 megapixels has 2 MB. */
const MOST_TIME = 8000;
const TIME_PER_BYTE = 0.001;

let child: ChildProcess | undefined;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Decodes a drawing or a photo in HEIC in a process of its own, one after the other: a drawing of 300 bytes can have filters that
 * take hours, and nothing but the end of its process ends a renderer. The process stays for the next image.
 *
 * @param where names the image in errors
 * @throws Error that says why not, also where it takes too long or too much memory; MissingDecoder where libheif-js cannot be loaded
 */
export function decodeApart(request: ApartRequest, where: string): Promise<RgbImage> {
  const result = queue.then(() => ask(request, where));
  queue = result.catch(() => undefined);
  return result;
}

function start(): ChildProcess {
  const started = fork(fileURLToPath(ENTRY), {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  started.on('error', () => undefined); // also told to who waits
  started.on('exit', () => {
    if (child === started) child = undefined;
  });
  return started;
}

function endOf(process: ChildProcess): void {
  child = undefined;
  process.kill('SIGKILL');
}

function ask(request: ApartRequest, where: string): Promise<RgbImage> {
  const worker = (child ??= start());
  return new Promise<RgbImage>((resolve, reject) => {
    const limit = MOST_TIME + request.file.length * TIME_PER_BYTE;
    const end = (): void => {
      clearTimeout(timer);
      worker.off('message', receive).off('exit', lose).off('error', reject);
      worker.unref();
      worker.channel?.unref(); // an idle process does not hold the program
    };
    const receive = (answer: ApartAnswer): void => {
      end();
      if (answer.grown) endOf(worker);
      if ('image' in answer) resolve(answer.image);
      else if ('noLibheif' in answer) reject(missingLibheif(where, answer.noLibheif.reason));
      else reject(new Error(answer.message));
    };
    const lose = (_code: number | null, signal: NodeJS.Signals | null): void => {
      end();
      const isOwn = signal === 'SIGKILL'; // as the process does where it has grown too large
      reject(new Error(isOwn ? 'decoding it takes too much memory' : 'the decoder breaks down on it'));
    };
    const timer = setTimeout(() => {
      end();
      endOf(worker);
      reject(new Error(`decoding it takes more than ${Math.round(limit / 1000)} seconds`));
    }, limit);
    worker.ref();
    worker.channel?.ref();
    worker.on('message', receive).on('exit', lose).on('error', reject);
    worker.send(request);
  });
}
