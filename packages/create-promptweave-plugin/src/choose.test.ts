import { describe, expect, it } from 'vitest';
import { choose } from './choose.js';
import { Fault } from './fault.js';

const me = { author: 'me' };

describe('names follow from what is said', () => {
  it.each([
    ['my-thing', { folder: 'my-thing', name: 'my-thing', plugin: 'my-thing' }],
    ['../there/promptweave-quiet_loss', { folder: '../there/promptweave-quiet_loss', plugin: 'quiet-loss' }],
    ['@me/promptweave-plugin-x', { folder: 'promptweave-plugin-x', name: '@me/promptweave-plugin-x', plugin: 'x' }],
    ['promptweave-plugin', { plugin: 'promptweave-plugin' }],
  ])('%s', (target, expected) => {
    expect(choose({ ...me, kind: 'loss', target })).toMatchObject(expected);
  });

  it('flags come before them, and a folder and a name may differ', () => {
    const wishes = { ...me, kind: 'loss', target: 'here', name: '@me/there', plugin: 'me/focal' };
    expect(choose(wishes)).toEqual({
      folder: 'here',
      name: '@me/there',
      plugin: 'me/focal',
      kind: 'loss',
      author: 'me',
    });
  });

  it('nothing said is a prompt learner', () => {
    expect(choose(me)).toMatchObject({ folder: 'my-prompt', kind: 'prompt' });
  });
});

describe('refused, with the reason', () => {
  it.each([
    [{ target: 'My Thing' }, /no name of an npm package: .*(capital|URL-friendly)/],
    [{ target: '.hidden' }, /cannot start with a period/],
    [{ target: '@me/' }, /no name/],
    [{ name: 'fs' }, /core module/],
    [{ target: 'thing.js' }, /for a file/],
    [{ target: 'default' }, /stands for promptweave's own/],
    [{ target: '@promptweave/x' }, /promptweave's own packages/],
    [{ target: 'cross-entropy' }, /has a plugin "cross-entropy" itself \(loss\), and a configuration that loads two/],
    [{ target: '@me/promptweave-coop' }, /has a plugin "coop" itself \(prompt\), and one name for two/],
    [{ target: 'x', plugin: 'Mine' }, /no name of a plugin/],
    [{ target: 'x', kind: 'lozz' }, /no kind of plugin called "lozz"/],
    [{ target: 'x', kind: 'common' }, /no kind of plugin called "common"/],
  ])('%j', (wishes, reason) => {
    expect(() => choose({ ...me, kind: 'loss', ...wishes })).toThrow(reason);
    expect(() => choose({ ...me, kind: 'loss', ...wishes })).toThrow(Fault);
  });
});
