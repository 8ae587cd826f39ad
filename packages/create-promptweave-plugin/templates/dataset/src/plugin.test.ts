import { checkReadme, describeDataset } from '@promptweave/core/testing';
import { it } from 'vitest';
import { plugins, shapes } from './plugin.js';

describeDataset(shapes, { options: [{}, { images: 1, size: 16 }] });

it('the README has the options that there are', () => {
  checkReadme(new URL('../README.md', import.meta.url), plugins);
});
