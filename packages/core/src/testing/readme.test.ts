import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { LossPlugin } from '../plugin/define-plugin.js';
import { crossEntropy } from '../builtin/cross-entropy.js';
import { checkReadme } from './readme.js';

const loss: LossPlugin = {
  ...crossEntropy,
  name: 'tidy/loss',
  options: z.strictObject({ depth: z.int().min(1).max(12).default(9).describe('Depth J.') }),
};

const readme = `# A method

<!-- options of tidy/loss -->

| option  | values           | default | meaning  |
| ------- | ---------------- | ------- | -------- |
| \`depth\` | integer ≥ 1, ≤ 12 | \`9\`     | Depth J. |

\`\`\`yaml
losses: [cross-entropy, { use: tidy/loss, depth: 3, weight: 2 }]
\`\`\`
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'readme-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function check(text: string): Promise<void> {
  const file = join(folder, 'README.md');
  await writeFile(file, text);
  checkReadme(file, [loss]);
}

describe('the README of a plugin', () => {
  it('passes with its table, however it is padded, and a configuration', () => check(readme));

  it.each([
    ['a stale default', readme.replace('`9`', '`8`'), /table of options of tidy\/loss is stale.*\| `9` \| Depth J\./s],
    ['a row too many', readme.replace('\n\n```yaml', '\n| `x` | any | – | More. |\n\n```yaml'), /is stale/],
    ['no table', readme.replace('<!-- options of tidy/loss -->', ''), /has no line <!-- options of tidy\/loss -->/],
    [
      'a configuration that is refused',
      readme.replace('depth: 3', 'depth: 13'),
      /options of tidy\/loss that are refused/,
    ],
    ['a misspelt option', readme.replace('depth: 3', 'dept: 3'), /options of tidy\/loss that are refused/],
    ['no configuration', readme.replace('```yaml', '```'), /no configuration to copy/],
  ])('fails with %s', async (_, text, message) => {
    await expect(check(text)).rejects.toThrow(message);
  });
});
