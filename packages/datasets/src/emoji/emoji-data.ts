import { createRequire } from 'node:module';
import { DatasetError } from '@promptweave/core';

const packageName = '@promptweave/emoji-data';

/**
 * `require` as seen from `@promptweave/emoji-data`, an optional package that brings the icon sets and `emojibase-data`.
 *
 * @param from URL or path of the file that looks for it
 * @throws DatasetError when it is not installed
 */
export function requireEmojiData(from: string | URL = import.meta.url): NodeJS.Require {
  try {
    return createRequire(createRequire(from).resolve(`${packageName}/package.json`));
  } catch (cause) {
    throw new DatasetError(`Emoji come from the package ${packageName}, which is not installed.`, {
      where: packageName,
      remedy: `Run \`npm install ${packageName}\` (80 MB), where promptweave is installed.`,
      cause,
    });
  }
}
