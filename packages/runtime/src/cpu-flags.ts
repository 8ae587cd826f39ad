import { readFile } from 'node:fs/promises';

/** What Linux says that the processor can do; nothing on another system. */
export async function cpuFlags(): Promise<string[]> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
}
