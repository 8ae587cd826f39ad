import { describe, expect, it } from 'vitest';
import { flatParams, mlflowKey, mlflowParam, mlflowPath, mlflowTag, mlflowTitle } from './mlflow-names.js';

/** As MLflow 2 and 3 check names: Python's `\w` has no combining marks, a path is its own normal form, 250 characters. */
const valid = (name: string): boolean =>
  /^[\p{L}\p{N}_./ -]*$/u.test(name) &&
  name.split('/').every((part) => !['', '.', '..'].includes(part)) &&
  name.length <= 250;

const names = [
  ...[
    '草图',
    '油画',
    'été',
    'e\u0301te\u0301',
    'हिन्दी',
    'हन्दी',
    'sketch (1)',
    'sketch [1]',
    'sketch _1_',
    'a:b',
    'a_b',
    'a,b',
    'a;b',
  ],
  ...[
    '',
    '.',
    '..',
    '/',
    '//',
    'a/',
    '/a',
    'a//b',
    'a/./b',
    'a/../b',
    'a\tb',
    'a\nb',
    '😀',
    '😁',
    '\ud800',
    '\ud801',
    '\u00a0',
    ' ',
    '  ',
  ],
  ...[
    'x'.repeat(250),
    'x'.repeat(251),
    'x'.repeat(252),
    '草'.repeat(84),
    '草'.repeat(85),
    `${'x'.repeat(249)}草`,
    '#',
    '%',
    '%2f',
    '?',
  ],
];
// Names that look like changed ones do not meet them.
const looks = names.map(mlflowKey);

describe('a name', () => {
  it.each(['草图', '油画/accuracy', 'train/loss', 'été', 'photo 1.2-b_c', '½', 'test/domain/照片.accuracy'])(
    'that MLflow takes stays as it is: %s',
    (name) => {
      expect(mlflowKey(name)).toBe(name);
      expect(mlflowPath(name)).toBe(name);
    },
  );

  it('is valid whatever it was, and no two become one', () => {
    const all = [...new Set([...names, ...looks, ...looks.map(mlflowKey)])];
    for (const rename of [mlflowKey, mlflowPath]) {
      const renamed = all.map(rename);
      expect(renamed.filter((name) => !valid(name))).toEqual([]);
      expect(new Set(renamed).size).toBe(all.length);
    }
    expect(new Set(all.map(mlflowTitle)).size).toBe(all.length);
  });

  it('is changed in the same way always', () => {
    expect(mlflowKey('sketch (1)/accuracy')).toBe('sketch _1_-948d853ade7a/accuracy');
    expect(mlflowKey('a:b')).toBe('a_b-bae008c66320');
  });

  it('of a file keeps its ending, and leads nowhere else', () => {
    expect(mlflowPath('confusion/a#b.csv')).toMatch(/^confusion\/a_b-[0-9a-f]{12}\.csv$/);
    expect(mlflowPath('confusion/a%2fb.csv')).not.toContain('%');
    expect(Buffer.byteLength(mlflowPath(`${'草'.repeat(200)}.csv`))).toBeLessThan(255);
  });
});

describe('params', () => {
  it('of different places have different names', () => {
    const params = flatParams({
      'a.b': 1,
      a: { b: 2, '': 3, 'b.c': { d: 4 }, 'b/c': 5 },
      '': { a: 6 },
      list: [{ x: 7 }, 8],
      草图: '',
    });
    expect(Object.values(params).sort()).toEqual(['', '1', '2', '3', '4', '5', '6', '7', '8']);
    expect(flatParams({ grid: { 'prompt.use': ['a'] } })).toEqual({ 'grid.prompt.use': '["a"]' });
    expect(params).toMatchObject({ 'a.b': '2', 'list.0.x': '7', 'list.1': '8', 草图: '' });
    expect(Object.keys(params).filter((name) => !valid(name))).toEqual([]);
  });
});

describe('a value', () => {
  it('that is too long says that it was cut, and is no half of a character', () => {
    expect(mlflowParam('x'.repeat(500))).toBe('x'.repeat(500));
    expect(mlflowParam('x'.repeat(501))).toMatch(/^x+… \(cut: 501 characters\)$/);
    expect(mlflowParam('x'.repeat(501))).toHaveLength(500);
    for (const length of [250, 251, 252])
      expect(mlflowParam(`${'x'.repeat(length)}${'😀'.repeat(300)}`)).not.toMatch(/\p{Surrogate}/u);
    expect(mlflowTag('y'.repeat(6000))).toHaveLength(5000);
  });
});
