import { basename, join, resolve } from 'node:path';
import { ConfigError, type Evaluation } from '@promptweave/core';
import {
  describeStop,
  readPredictions,
  readResult,
  readWords,
  runFile,
  runFiles,
  type RunResult,
} from '@promptweave/core/experiment';
import { htmlPage } from './html-page.js';
import { escape, section, simpleTable, stackedTable } from './page/html.js';
import { figureHtml, wordsSection } from './page/sections.js';
import { trainingCurves } from './pictures.js';
import { changedClasses, confusionsOf, wrongAnswers, type ClassChange, type WrongAnswer } from './run-comparison.js';
import { curveOf, stepsOf } from './run-details.js';
import { skippedNotes, unusedValidationNote } from './run-notes.js';
import { readZeroShot, type ZeroShotAnswers } from './zero-shot-file.js';

/** Small pictures of images of evaluation sets as `data:` addresses, in the order of the request. */
export type RunThumbnails = (
  wanted: readonly { readonly set: string; readonly id: string }[],
) => Promise<(string | undefined)[]>;

/** Wrong images that the page shows of each set, and classes whose matrix is shown whole. */
const SHOWN = 48;
const WHOLE = 30;
const PAIRS = 20;

/**
 * One page about one run: how it compares with the backbone alone, what it gets wrong, with the images, what it mixes up, its learning curve, and
 * the words nearest to what was learned. It needs nothing else, not even a network.
 *
 * @throws ConfigError where the folder holds no finished run
 */
export async function runReport(folder: string, thumbnails: RunThumbnails): Promise<string> {
  const result = readResult(folder);
  if (!result) {
    throw new ConfigError('This folder holds no finished run, and no sweep.', {
      where: folder,
      remedy: 'Name the folder that promptweave train or promptweave sweep wrote.',
    });
  }
  const zeroShot = readZeroShot(folder);
  const words = readWords(runFile(folder, runFiles.words));
  const curves = await trainingCurves(curveOf('training', stepsOf(folder)));
  const sections = [
    section('result', 'Result', resultTable(result, zeroShot)),
    section('classes', 'Classes', ...classParts(result, zeroShot)),
    section('errors', 'What it gets wrong', ...(await errorParts(folder, result, thumbnails))),
    section('confusion', 'Confusions', ...confusionParts(result)),
    curves.length > 0
      ? section('training', 'Training', `<div class="curves">${curves.map(figureHtml).join('\n')}</div>`)
      : undefined,
    words && wordsSection([{ row: 'Words', words }]),
    section('notes', 'What should be known', notesHtml(result)),
  ];
  const name = basename(resolve(folder));
  const { parameters, training } = result;
  return htmlPage({
    title: name,
    protocol: 'one run',
    intro: [
      `${parameters.toLocaleString('en')} learned parameters, ${training.step} steps in ${training.seconds.toFixed(1)} s.`,
      ...(training.stops ?? []).map(describeStop),
    ].join(' '),
    sections: sections.filter((part) => part !== undefined),
  });
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)}\u00a0%`;
}

function resultTable({ evaluations }: RunResult, zeroShot: ZeroShotAnswers | undefined): string {
  const rows = Object.entries(evaluations).map(([set, { accuracy, macroF1, expectedCalibrationError, images }]) => {
    const before = zeroShot?.evaluations[set];
    const known = zeroShot ? [before ? percent(before.accuracy) : '–'] : [];
    return [
      escape(set),
      ...known,
      percent(accuracy),
      percent(macroF1),
      percent(expectedCalibrationError),
      String(images),
    ];
  });
  const head = [
    'images of',
    ...(zeroShot ? ['without training'] : []),
    'accuracy',
    'macro F1',
    'calibration error',
    'images',
  ];
  return stackedTable(head, rows);
}

function classParts({ evaluations }: RunResult, zeroShot: ZeroShotAnswers | undefined): string[] {
  return Object.entries(evaluations).map(([set, evaluation]) => {
    const before = zeroShot?.evaluations[set];
    const heading = Object.keys(evaluations).length > 1 ? `<h3>${escape(set)}</h3>` : '';
    if (!before) {
      const ranked = evaluation.classes.filter(({ images }) => images > 0).sort((a, b) => a.accuracy - b.accuracy);
      const rows = ranked.map(({ name, accuracy, images }) => [escape(name), percent(accuracy), String(images)]);
      return heading + simpleTable(['class', 'recognised', 'images'], rows);
    }
    const { gained, lost } = changedClasses(before, evaluation);
    const row = ({ name, images, before: old, now }: ClassChange): string[] => [
      escape(name),
      percent(old),
      percent(now),
      `${now > old ? '+' : '−'}${Math.abs(100 * (now - old)).toFixed(1)}`,
      String(images),
    ];
    const changed = new Set([...gained, ...lost].map(({ name }) => name));
    const same = evaluation.classes
      .filter(({ name, images }) => images > 0 && !changed.has(name))
      .map(({ name, accuracy, images }) => [escape(name), percent(accuracy), percent(accuracy), '0', String(images)]);
    const head = ['class', 'without training', 'now', 'change', 'images'];
    return heading + simpleTable(head, [...lost.toReversed().map(row), ...same, ...gained.map(row)]);
  });
}

async function errorParts(folder: string, { evaluations }: RunResult, thumbnails: RunThumbnails): Promise<string[]> {
  const predictions = readPredictions(folder) ?? {};
  const wrong = Object.entries(evaluations).flatMap(([set, { classes }]) => {
    const answers = predictions[set];
    const names = classes.map(({ name }) => name);
    return answers ? [{ set, of: answers.images.length, all: wrongAnswers(names, answers) }] : [];
  });
  const wanted = wrong.flatMap(({ set, all }) => all.slice(0, SHOWN).map(({ image }) => ({ set, id: image })));
  const found = await thumbnails(wanted);
  const picture = new Map(wanted.map(({ set, id }, i) => [`${set}\n${id}`, found[i]]));
  return wrong.map(({ set, of, all }) => {
    const shown = all.slice(0, SHOWN);
    const more = all.length > shown.length ? ` The surest ${shown.length} are shown.` : '';
    const heading = wrong.length > 1 ? `<h3>${escape(set)}</h3>` : '';
    const note = `<p class="note">${all.length} of ${of} images.${more}</p>`;
    const cards = shown.map((answer) => card(answer, picture.get(`${set}\n${answer.image}`)));
    return `${heading}${note}<div class="cards">${cards.join('\n')}</div>`;
  });
}

function card({ image, actual, predicted, confidence }: WrongAnswer, uri: string | undefined): string {
  const shown = uri
    ? `<img class="thumb" src="${uri}" alt="${escape(image)}" title="${escape(image)}">`
    : `<code>${escape(image)}</code><br>`;
  return `<figure class="card">${shown}<b>${escape(actual)}</b><br><span class="wrong">✗ ${escape(predicted)}</span> <span class="faint">(${(100 * confidence).toFixed(0)} % sure)</span></figure>`;
}

function confusionParts({ evaluations }: RunResult): string[] {
  return Object.entries(evaluations).flatMap(([set, evaluation]) => {
    const pairs = confusionsOf(evaluation);
    if (pairs.length === 0) return [];
    const rows = pairs
      .slice(0, PAIRS)
      .map(({ actual, predicted, count, of }) => [escape(actual), escape(predicted), `${count} of ${of}`]);
    const heading = Object.keys(evaluations).length > 1 ? `<h3>${escape(set)}</h3>` : '';
    return [heading + simpleTable(['class', 'taken for', 'images'], rows) + matrix(evaluation)];
  });
}

/** All numbers: a row for each actual class, a column for each predicted one. */
function matrix({ classes, confusion }: Pick<Evaluation, 'classes' | 'confusion'>): string {
  if (classes.length > WHOLE) return '';
  const names = classes.map(({ name }) => name);
  const rows = confusion.map((row, actual) => [
    `<b>${escape(names[actual]!)}</b>`,
    ...row.map((count, predicted) => {
      if (count === 0) return '';
      return `<span class="${actual === predicted ? 'right' : 'wrong'}">${count}</span>`;
    }),
  ]);
  return `<p class="note">A row for each class, a column for each answer.</p>${simpleTable(['', ...names], rows)}`;
}

function notesHtml(result: RunResult): string {
  const { warnings = [], notes = [] } = result;
  const all = [...warnings, ...notes, ...skippedNotes(result), ...unusedValidationNote(result)];
  return all.length === 0 ? '' : `<ul>${all.map((text) => `<li>${escape(text)}</li>`).join('')}</ul>`;
}

/** Where the page of a run is written. */
export function runReportFile(folder: string): string {
  return join(folder, 'report.html');
}
