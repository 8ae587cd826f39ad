import type { Command } from 'commander';
import { createProgram } from '../../apps/cli/src/program.js';
import { piecesOf, type Page } from './pages.js';

/** Lines of code and inline code of a page that call promptweave, without what stands before and after the call. */
export function callsOf({ text }: Page): string[] {
  return piecesOf(text)
    .flatMap((piece) => (piece.type === 'code' || piece.type === 'codespan' ? [piece.text as string] : []))
    .flatMap((code) => code.replaceAll(/\s*\\\n\s*/g, ' ').split('\n'))
    .flatMap((line) => /(?:^|[ (])npx promptweave (.*)$/.exec(line)?.[1] ?? [])
    .map((call) => call.replace(/\s+[#|>&].*$|\s{3,}.*$/, '').trim());
}

/** What is wrong with a call: a command or an option that is not there; undefined where all is known. */
export function faultOf(call: string): string | undefined {
  const words = (call.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []).map((word) => word.replaceAll(/['"]/g, ''));
  let command: Command = createProgram();
  for (;;) {
    const next = command.commands.find((one) => one.name() === words[0]);
    if (!next) break;
    command = next;
    words.shift();
  }
  if (command.parent === null) {
    return words[0] === undefined || /^(--|[A-Z…])/.test(words[0]) ? undefined : `There is no command ${words[0]}.`;
  }
  if (command.registeredArguments.length === 0 && words[0] !== undefined && /^[a-z]+$/.test(words[0])) {
    return `${command.name()} has no command ${words[0]}.`;
  }
  const { unknown } = command.parseOptions(words.filter((word) => word !== '--help'));
  const [flag] = unknown.filter((word) => word.startsWith('-') && word !== '-');
  return flag === undefined ? undefined : `${command.name()} has no option ${flag}.`;
}
