/** What the system says where nothing can be written: no right, no room, no such place. */
const CODES: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'ENOENT'];

/** Whether an error says that nothing can be written at a place, which a cache does without. */
export function isUnwritable(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && CODES.includes((error as NodeJS.ErrnoException).code ?? '');
}
