/** What a page shows, block by block: see replay.mjs. */
const COMMENT = /^<!-- (?:file: (?<name>\S+)|(?<word>output|nightly|not run: .+)) -->$/;

/**
 * The blocks of a page that mean something to the replay, in order.
 * @returns `{ kind: 'commands' | 'nightly' | 'file' | 'output', name?, text, line }`
 * @throws where a comment has no block
 */
export function blocksOf(page) {
  const lines = page.split('\n');
  const blocks = [];
  let said;
  for (let i = 0; i < lines.length; i++) {
    const comment = COMMENT.exec(lines[i].trim());
    if (comment) {
      said = { ...comment.groups, line: i + 1 };
      continue;
    }
    const fence = /^(?<ticks>`{3,})(?<language>\w*)/.exec(lines[i])?.groups;
    if (!fence) {
      if (said && lines[i].trim() !== '') throw new Error(`Line ${said.line}: no block follows the comment.`);
      continue;
    }
    const end = lines.indexOf(fence.ticks, i + 1); // a block of Markdown holds shorter ones
    if (end < 0) throw new Error(`Line ${i + 1}: the block does not end.`);
    const kind = kindOf(said, fence.language);
    if (kind) blocks.push({ kind, name: said?.name, text: `${lines.slice(i + 1, end).join('\n')}\n`, line: i + 1 });
    said = undefined;
    i = end;
  }
  return blocks;
}

function kindOf(said, language) {
  if (said?.name) return 'file';
  if (said?.word === 'output' || said?.word === 'nightly') return said.word;
  return said === undefined && language === 'sh' ? 'commands' : undefined;
}

/** What printed text (with single spaces) has to match: every number may be another one, … is anything. */
export function outputPattern(text) {
  const source = text
    .trim()
    .replaceAll(/\s+/g, ' ')
    .split('…')
    .map((part) =>
      part
        .trim()
        .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll(/\d+/g, '\\d+'),
    )
    .join('[^]*?');
  return new RegExp(source);
}
