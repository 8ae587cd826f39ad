import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@promptweave/core';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'you do not have the right to',
  EPERM: 'you do not have the right to',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is used up',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it is there already',
  ENOTEMPTY: 'the folder is not empty',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EBUSY: 'another program uses it',
  EIO: 'the disk fails',
  ESTALE: 'the disk is gone',
};

/** The program's own files: where one of them is missing, that is no mistake of the user. */
const OWN = fileURLToPath(new URL('../../', import.meta.url));

/** What the system says of a file or folder that the user chose, as an error for people; undefined for any other error. */
export function systemError(error: unknown): ConfigError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', path, dest, syscall = 'use' } = error as NodeJS.ErrnoException & { readonly dest?: string };
  const place = dest ?? path;
  if (!Object.hasOwn(REASONS, code) || typeof place !== 'string') return undefined;
  if (place.startsWith(OWN) || place.includes(`${sep}node_modules${sep}`)) return undefined;
  return new ConfigError(`The system refuses to ${verb(syscall)} ${place}: ${REASONS[code]}.`, {
    where: place,
    remedy: 'Check the path, your rights there, and the room on the disk; or name another place.',
    cause: error,
  });
}

function verb(syscall: string): string {
  if (/^(mkdir|mkdtemp)$/.test(syscall)) return 'make';
  if (/^(rename|copyfile|link|symlink)$/.test(syscall)) return 'write';
  if (/^(unlink|rm|rmdir)$/.test(syscall)) return 'remove';
  if (/^(scandir|opendir)$/.test(syscall)) return 'read';
  return /^[a-z]+$/.test(syscall) ? syscall : 'use';
}
