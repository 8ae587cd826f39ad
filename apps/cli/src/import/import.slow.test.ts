import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { folder, promptweave, root, useShapes } from '../testing/shapes.test.support.js';

useShapes();

describe('promptweave import', () => {
  const fixture = (name: string): string => join(root, 'apps/cli/fixtures', name);
  const options = ['--config', 'shapes.yaml', '--json'];

  // Written by PyTorch, see scripts/authors-checkpoints.py; float16 in the second.
  it.each([
    ['prompt-learner.pth.tar-50', ['token_prefix', 'token_suffix'], 6],
    [
      'whole-model.pth.tar-5',
      ['prompt_learner.token_prefix', 'prompt_learner.token_suffix', 'image_encoder.class_embedding', 'logit_scale'],
      3,
    ],
  ])('makes a run of %s', async (name, ignored, digits) => {
    const folderOfRun = `imported ${name}`;
    const { code, out, err } = await promptweave(
      'import',
      fixture(name),
      ...options,
      '--method',
      'coop',
      '--out',
      folderOfRun,
    );
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toEqual({ folder: folderOfRun, tensors: { ctx: [4, 128] }, ignored });
    const { tensors } = await readSafetensors(join(folder, folderOfRun, 'prompts.safetensors'));
    const first = [...tensors.get('ctx')!.data().slice(0, 3)];
    [-0.5107975602149963, 1.0282717943191528, -0.3531515896320343].forEach((value, i) => {
      expect(first[i]).toBeCloseTo(value, digits);
    });
    const evaluated = await promptweave('evaluate', folderOfRun, '--json');
    expect(JSON.parse(evaluated.out)).toMatchObject({ images: 6 });
  });

  it.each([
    [
      'maple-lamm.pth.tar-5',
      ['prompt.use=maple', 'prompt.depth=2', 'labels.use=lamm', 'labels.tokens=first', 'labels.slot=released'],
      ['compound_prompt_projections.0.weight', 'token_classes'],
    ],
    [
      'comma.pth.tar-5',
      ['prompt.use=comma', 'prompt.depth=2', 'prompt.variant=released'],
      ['compound_prompts_text', 'compound_prompt_projections_image_base.mlp.2.weight'],
    ],
  ])('takes the prompts out of a whole model: %s', async (name, overrides, some) => {
    const folderOfRun = `imported ${name}`;
    const { code, out, err } = await promptweave(
      'import',
      fixture(name),
      ...overrides,
      ...options,
      '--out',
      folderOfRun,
    );
    expect(code, err).toBe(0);
    expect(Object.keys((JSON.parse(out) as { tensors: object }).tensors)).toEqual(expect.arrayContaining(some));
    const evaluated = await promptweave('evaluate', folderOfRun, '--json');
    expect(JSON.parse(evaluated.out), evaluated.err).toMatchObject({ images: 6 });
  });

  it.each([
    [
      'another number of tokens',
      ['prompt.contextLength=2'],
      /"ctx" has the shape \[4, 128\], the classifier's \[2, 128\]/,
    ],
    ['another method', ['prompt.use=maple', 'prompt.depth=2'], /lacks the tensor "proj\.weight"/],
  ])('refuses what does not fit: %s', async (_, overrides, message) => {
    const name = fixture('prompt-learner.pth.tar-50');
    const { code, err } = await promptweave('import', name, ...overrides, ...options, '--out', 'refused');
    expect(err).toMatch(message);
    expect(code).toBe(3);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });

  it('names the methods where there is none of that name', async () => {
    const words = ['import', fixture('prompt-learner.pth.tar-50'), ...options, '--method', 'mapel', '--out', 'refused'];
    const { code, err } = await promptweave(...words);
    expect(err).toContain('There is no method called "mapel". Did you mean `maple`?');
    expect(code).toBe(2);
  });
});
