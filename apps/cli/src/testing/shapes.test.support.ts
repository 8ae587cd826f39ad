import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll } from 'vitest';

/** Where the project lies. */
export const root = fileURLToPath(new URL('../../../..', import.meta.url));
const command = join(root, 'apps/cli/bin/promptweave.js');
/** Where the commands of a test file that says `useShapes()` run: it holds `shapes` and `shapes.yaml`. */
export const folder = mkdtempSync(join(tmpdir(), 'promptweave-'));

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts a command in a process of its own. */
export function start(words: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [command, ...words], { cwd: folder, env: { ...process.env, ...environment } });
}

/** Waits for the end of a command. */
export async function finished(child: ChildProcess): Promise<Outcome> {
  const text = { out: '', err: '' };
  child.stdout!.on('data', (data: Buffer) => (text.out += data.toString()));
  child.stderr!.on('data', (data: Buffer) => (text.err += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}

/** Runs a command to its end. */
export const promptweave = (...words: string[]): Promise<Outcome> => finished(start(words));

/** Eight drawings of each shape in some colours. */
async function drawShapes(): Promise<void> {
  const shapes = {
    circle: '<circle cx="32" cy="32" r="RADIUS" fill="COLOUR"/>',
    square: '<rect x="12" y="12" width="RADIUS" height="RADIUS" fill="COLOUR"/>',
    triangle: '<path d="M32 8L58 RADIUSL6 RADIUSZ" fill="COLOUR"/>',
  };
  for (const [name, shape] of Object.entries(shapes)) {
    await mkdir(join(folder, 'shapes', name), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const drawn = shape.replaceAll('RADIUS', String(20 + 2 * i)).replace('COLOUR', `hsl(${i * 45},80%,50%)`);
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">${drawn}</svg>`;
      const image = sharp(Buffer.from(svg)).flatten({ background: '#fff' }).png();
      await image.toFile(join(folder, 'shapes', name, `${i}.png`));
    }
  }
}

/** Puts the drawings and their configuration into `folder` for the test file that calls it, and takes all away afterwards. */
export function useShapes(): void {
  beforeAll(async () => {
    await drawShapes();
    await writeFile(
      join(folder, 'shapes.yaml'),
      `dataset: { use: folder, path: shapes, shots: all }
backbone: { use: clip, checkpoint: icons }
prompt: { use: coop, contextLength: 4 }
train: { epochs: 2, batch: 4, learningRate: 0.01 }
`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));
}
