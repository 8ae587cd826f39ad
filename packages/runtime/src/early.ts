import { readdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runtimeFolder } from './cache-folder.js';

/** Functions of quiet.cc. */
interface Loader {
  loadBeside(library: string): void;
  awaitLoading(): void;
}

/**
 * Begins to load libtensorflow in a thread of its own, which takes as long as loading the program: for a command that will compute with the
 * best backend. Nothing is begun where it is not plain which library that will be (several installations, one for GPUs, another backend), on other systems
 * than Linux, and in a container that refuses a thread file descriptors of its own. What keeps it from loading is told by who selects the backend.
 */
export function beginToLoad(): void {
  if (!['auto', 'tensorflow'].includes(process.env.PROMPTWEAVE_BACKEND ?? 'auto')) return;
  try {
    const names = readdirSync(runtimeFolder()).filter((name) => !name.startsWith('.'));
    if (names.length !== 1 || !names[0]!.includes('-cpu-linux-')) return;
    const folder = realpathSync(join(runtimeFolder(), names[0]!));
    const quiet = createRequire(import.meta.url)(join(folder, 'binding', 'quiet.node')) as Partial<Loader>;
    if (!quiet.loadBeside || !quiet.awaitLoading) return; // made by an older promptweave
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // as whoever loads it does, but not while a thread may read it
    quiet.loadBeside(join(folder, 'tensorflow', 'libtensorflow_cc.so.2'));
    process.once('exit', quiet.awaitLoading);
  } catch {
    // no installation
  }
}
