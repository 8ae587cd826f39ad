import { checkReadme, describeProtocol } from '@promptweave/core/testing';
import { it } from 'vitest';
import { plugins, weakest } from './plugin.js';

describeProtocol(weakest, { options: [{}, { split: 'val' }] });

it('the README has the options that there are', () => {
  checkReadme(new URL('../README.md', import.meta.url), plugins);
});
