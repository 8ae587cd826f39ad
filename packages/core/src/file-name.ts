import { createHash } from 'node:crypto';

/** Bytes of a part of a path; file systems allow 255, and endings are added. */
const LONGEST = 120;
const DIGITS = 8;

/**
 * The name of a file that belongs to something a user named: the name itself where every file system takes it, otherwise one in which other
 * signs are replaced, with a digest, so that different names stay different. Slashes part folders.
 */
export function fileName(name: string): string {
  const parts = name.split('/');
  if (parts.every((part) => /^[\p{L}\p{M}\p{N}_-][\p{L}\p{M}\p{N} ._()+-]*(?<![ .])$/u.test(part) && isShort(part)))
    return name;
  const plain = name.replaceAll(/[^\p{L}\p{M}\p{N}_-]+/gu, '-').slice(0, LONGEST / 4);
  return `${plain}-${digestOf(name)}`;
}

/**
 * The same for a part of a picture's name or of an address within a page: lower case letters, digits and hyphens stay as they are, everything
 * else is replaced, and told apart by a digest.
 */
export function slug(name: string): string {
  if (/^[a-z0-9-]+$/.test(name) && isShort(name)) return name;
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return `${plain.slice(0, LONGEST / 2)}-${digestOf(name)}`;
}

function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, DIGITS);
}

function isShort(part: string): boolean {
  return Buffer.byteLength(part) <= LONGEST;
}
