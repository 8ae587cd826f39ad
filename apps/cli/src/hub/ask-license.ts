import { cancel, isCancel, text } from '@clack/prompts';
import { ConfigError } from '@promptweave/core';

/** Asks under which licence prompts are published. @returns undefined where the user gives up */
export async function askLicense(): Promise<string | undefined> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new ConfigError('It is not said under which licence this is published.', {
      where: '--license',
      remedy: 'Name one as the hub does: --license mit, cc-by-4.0, other.',
    });
  }
  const license = await text({
    message: 'Under which licence? (mit, apache-2.0, cc-by-4.0, other, …)',
    placeholder: 'mit',
    defaultValue: 'mit',
  });
  if (!isCancel(license)) return license;
  cancel('Nothing was published.');
  return undefined;
}
