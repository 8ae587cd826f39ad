import { decodeHTML, decodeHTMLStrict } from 'entities';

/** What Python's `str.split()` takes for white space. */
const WHITE_SPACE = /[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;
const STRICT_ENTITY = /&#?[0-9A-Za-z]{1,24};/g;
const CURLY_SINGLE_QUOTES = /[\u02bc\u2018-\u201b]/g;
const CURLY_DOUBLE_QUOTES = /[\u201c-\u201f]/g;
/** Ligatures and digraphs of Latin letters; each falls apart under NFKC, but the Afrikaans one, which keeps its letter. */
const LATIN_LIGATURES = /[\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufb06]/g;
/** Full-width Latin, half-width kana and Hangul, and the ideographic space. */
const ODD_WIDTHS = /[\u3000\uff01-\uffef]/g;
const LINE_BREAKS = /\r\n|[\r\u2028\u2029\u0085]/g;
const ESCAPE = String.fromCharCode(0x1b);
const TERMINAL_ESCAPES = new RegExp(`${ESCAPE}\\[[\\d;]*[a-zA-Z]`, 'g');
const CONTROL_CHARACTERS = /[^\P{Cc}\t\n\f\r\u0080-\u009f]|[\u206a-\u206f\ufeff\ufff9-\ufffc]/gu;
const LONE_SURROGATES = /\p{Cs}/gu;
/** Read as Windows-1252, which is what HTML does with numeric references to them. */
const C1_CONTROLS = /[\u0080-\u009f]/g;

/** Entities that end in a semicolon, and names of small letters written in capitals (`P&EACUTE;REZ`). */
function unescapeStrictly(text: string): string {
  return text.replace(STRICT_ENTITY, (entity) => {
    if (entity.startsWith('&#')) {
      const character = decodeHTML(entity);
      return character.includes(';') ? entity : character;
    }
    const exact = decodeHTMLStrict(entity);
    if (exact !== entity) return exact;
    if (entity !== entity.toUpperCase() || decodeHTML(entity) !== entity) return entity;
    const lower = entity.toLowerCase();
    const small = decodeHTMLStrict(lower);
    return small === lower ? entity : small.toUpperCase();
  });
}

/** One line through the fixes, again and again until nothing changes. */
function fixLine(line: string, unescape: boolean): string {
  for (let text = line; ;) {
    const before = text;
    if (unescape) text = unescapeStrictly(text);
    text = text
      .replace(C1_CONTROLS, (character) => decodeHTML(`&#${character.charCodeAt(0)};`))
      .replace(LATIN_LIGATURES, (letters) => (letters === '\ufb05' ? '\u017ft' : letters.normalize('NFKC')))
      .replace(ODD_WIDTHS, (character) => character.normalize('NFKC'))
      .replace(CURLY_DOUBLE_QUOTES, '"')
      .replace(CURLY_SINGLE_QUOTES, "'")
      .replace(LINE_BREAKS, '\n')
      .replace(LONE_SURROGATES, '\ufffd')
      .replace(TERMINAL_ESCAPES, '')
      .replace(CONTROL_CHARACTERS, '')
      .normalize('NFC');
    if (text === before) return text;
  }
}

/** The character-level fixes of Python's ftfy, without its repair of wrongly decoded text. */
function fixText(text: string): string {
  let unescape = true;
  return (text.match(/[^\n]*\n|[^\n]+/g) ?? [])
    .map((line) => {
      // A literal "<" means the text is meant as markup from here on, so entities are left to the next step.
      if (line.includes('<')) unescape = false;
      return fixLine(line, unescape);
    })
    .join('');
}

/**
 * Cleans a text as CLIP's original tokenizer does before it splits it into words: odd characters straightened, HTML
 * entities replaced (twice), white space collapsed, lower case.
 *
 * The original runs Python's ftfy first. All of its fixes are here but one: the repair of text that was decoded in the
 * wrong encoding ("cafÃ©"), which is a guess over statistics; such text is encoded as it stands.
 *
 * @example cleanText('  Crème&nbsp;Br&ucirc;l&eacute;e ') // 'crème brûlée'
 */
export function cleanText(text: string): string {
  return decodeHTML(decodeHTML(fixText(text)))
    .replace(WHITE_SPACE, ' ')
    .trim()
    .toLowerCase();
}
