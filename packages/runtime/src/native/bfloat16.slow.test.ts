import { expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { listRuntimes } from '../install/installation.js';

const installation = (await listRuntimes()).find(
  ({ variant, problem, notFused }) => variant === 'cpu' && !problem && !notFused,
);
const check = fileURLToPath(new URL('../../native/self-check.js', import.meta.url));

// The tests of products take what this CPU does best; these also what others do.
test.runIf(installation).each(['AVX512_CORE_BF16', 'AVX512_CORE', 'AVX2'])(
  'an installation is right on a CPU that can do no more than %s',
  async (most) => {
    const { stdout } = await execa(process.execPath, [check, installation!.folder], {
      env: { ONEDNN_MAX_CPU_ISA: most },
    });
    expect(JSON.parse(stdout)).toMatchObject({ usesGpu: false });
  },
);
