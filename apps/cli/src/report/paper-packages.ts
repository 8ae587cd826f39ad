import { createRequire } from 'node:module';
import { ConfigError } from '@promptweave/core';

/** Optional packages, 30 MB: they write PDF files, and bring the font of papers. */
const PACKAGES = ['pdfkit', 'fontkit', 'svg-to-pdfkit', '@expo-google-fonts/tinos'];

/**
 * Looks for what figures as PDF need, before anything is written.
 *
 * @param from URL or path of the file that looks for them
 * @throws ConfigError where they are not installed
 */
export function requirePaperPackages(from: string | URL = import.meta.url): void {
  const { resolve } = createRequire(from);
  const missing = PACKAGES.filter((name) => {
    try {
      return !resolve(name);
    } catch {
      return true;
    }
  });
  if (missing.length === 0) return;
  throw new ConfigError(
    `Figures need ${missing.join(', ')}, which ${missing.length > 1 ? 'are' : 'is'} not installed.`,
    {
      where: '--figures',
      remedy: `Run \`npm install ${missing.join(' ')}\` where promptweave is installed; --svg and --png need none of them.`,
    },
  );
}
