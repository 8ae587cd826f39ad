import { KNOWN_FAMILIES, type KnownFamily, type KnownModel } from '@promptweave/backbone-clip/known-models';

/** All families, the supported ones with the sizes of their models. */
export function listFamilies(json = false): string {
  if (json) return JSON.stringify(KNOWN_FAMILIES, undefined, 2);
  const [can, cannot] = [true, false].map((supported) =>
    KNOWN_FAMILIES.filter((family) => family.supported === supported),
  ) as [KnownFamily[], KnownFamily[]];
  const head = ['', 'image tower', 'patch', 'images', 'text tower', 'length', 'tokens', 'common'];
  const rows = can.flatMap(({ models }) => models.map(rowOf));
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`.trimEnd();
  return [
    'Towers: width × blocks × heads. What stands beside a licence is to be known of a model, or why it cannot be loaded.',
    '',
    line(head),
    ...can.flatMap((family) => ['', titleOf(family), ...family.models.map((model) => line(rowOf(model)))]),
    '',
    'Not supported, and refused by name:',
    ...cannot.map(titleOf),
    '',
    'promptweave backbones FOLDER says what the weights in a folder are taken for.',
  ].join('\n');
}

function titleOf({ name, licence, note }: KnownFamily): string {
  return `${name} (licence ${licence}). ${note}`;
}

function rowOf({ id, image, text, embedding }: KnownModel): string[] {
  return [
    id,
    `${image.width}×${image.layers}×${image.heads}`,
    String(image.patch),
    image.sizes.join(' '),
    `${text.width}×${text.layers}×${text.heads}`,
    String(text.length),
    text.tokens.toLocaleString('en'),
    String(embedding),
  ];
}
