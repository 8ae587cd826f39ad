import { readFile } from 'node:fs/promises';

/** What Linux says that the processor can do; nothing on another system. */
export async function cpuFlags(): Promise<string[]> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
}

/** Who made the processor, as Linux says it (`GenuineIntel`, `AuthenticAMD`). */
export async function cpuVendor(): Promise<string | undefined> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return /^vendor_id\s*:\s*(\S+)/m.exec(text)?.[1];
}
