import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where promptweave keeps what checkouts share: `$PROMPTWEAVE_CACHE`, or the platform's folder for such things
 * (`$XDG_CACHE_HOME/promptweave` or `~/.cache/promptweave`; `~/Library/Caches/promptweave` on macOS).
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (environment.PROMPTWEAVE_CACHE) return resolve(environment.PROMPTWEAVE_CACHE);
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'promptweave');
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'promptweave');
}

/** The part of the cache that holds installations of libtensorflow. */
export function runtimeFolder(): string {
  return join(cacheFolder(), 'runtime');
}
