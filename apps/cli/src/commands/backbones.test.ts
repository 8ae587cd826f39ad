import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { register } from './backbones.js';

afterEach(() => vi.restoreAllMocks());
const fixture = (path: string): string =>
  fileURLToPath(new URL(`../../../../packages/backbone-clip/fixtures/${path}`, import.meta.url));

async function run(...words: string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  const program = new Command('promptweave');
  register(program);
  await program.parseAsync(['backbones', ...words], { from: 'user' });
  return printed.join('\n');
}

describe('promptweave backbones', () => {
  it('lists families with sizes and licences, and those that are refused with the reason', async () => {
    const text = await run();
    expect(text).toMatch(
      /google\/siglip2-base-patch16-224 +768×12×12 +16 +224 256 384 512 +768×12×12 +64 +256,000 +768/,
    );
    expect(text).toMatch(/PE-Core \(Perception Encoder\) \(licence Apache-2.0\)/);
    expect(text.split('Not supported')[1]).toMatch(/EVA-02-CLIP \(licence MIT\)\. Its blocks have gated MLPs/);
    const listed = JSON.parse(await run('--json')) as { name: string; supported: boolean; models: unknown[] }[];
    expect(listed.every(({ supported, models }) => supported === models.length > 0)).toBe(true);
  });

  it.each([
    ['icons', 'CLIP', 'class', 'causal'],
    [fixture('siglip/two'), 'SigLIP', 'attention', 'full'],
    [fixture('pe/class-open-clip'), 'PE-Core', 'attention', 'causal'],
    [fixture('metaclip-2/mt5'), 'MetaCLIP 2', 'class', 'causal'],
  ])('says what %s is', async (checkpoint, family, pooling, attention) => {
    const found = JSON.parse(await run(checkpoint, '--json')) as Record<string, never>;
    expect(found).toMatchObject({ family, sizesOf: [] });
    const { vision, text } = found['shape'] as { vision: { pooling?: string }; text: { attention?: string } };
    expect([vision.pooling ?? 'class', text.attention ?? 'causal']).toEqual([pooling, attention]);
    expect(await run(checkpoint)).toMatch(new RegExp(`^family +${family}\n`));
  });

  it('says why a checkpoint cannot be loaded', async () => {
    await expect(run(fixture('checkpoints/trained.safetensors'))).rejects.toThrow(/learned|unknown|without|no tensors/);
  });
});
