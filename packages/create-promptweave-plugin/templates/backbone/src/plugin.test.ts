import { checkReadme, describeBackbone } from '@promptweave/core/testing';
import { it } from 'vitest';
import { mirrored, plugins } from './plugin.js';

describeBackbone(mirrored, { options: [{}, { weight: 0.25 }] });

it('the README has the options that there are', () => {
  checkReadme(new URL('../README.md', import.meta.url), plugins);
});
