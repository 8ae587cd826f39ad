import { checkReadme } from '@promptweave/core/testing';
import { it } from 'vitest';
import { plugins } from './plugin.js';

it('the README has the options and configurations that there are', () => {
  checkReadme(new URL('../README.md', import.meta.url), plugins);
});
