export type { Figure } from './figure.js';
export {
  bestOf,
  type Best,
  isSearched,
  ranked,
  rankedBy,
  readStudy,
  studyOf,
  type StudiedCell,
  type Study,
  type StudyRow,
} from './study.js';
export { byValidation, validated, type Validated } from './validated.js';
export { compareRows, type Comparison } from './analysis/comparison.js';
export { compareStudies, comparisonText, type StudyComparison } from './compare-studies.js';
export { longCsv, longRows, type LongRow } from './long-form.js';
export { studyJson, studyText, type TextOptions } from './study-text.js';
export {
  CHOSEN,
  figureText,
  leadingText,
  renderTable,
  studyTable,
  tableFormats,
  type TableFormat,
  type TextCell,
  type TextTable,
} from './table.js';
export { plainSvg, standaloneSvg, type Picture } from './draw.js';
export { PAPER_FONT, paperPicture, paperWidths, type PaperPicture } from './paper-style.js';
export type { ReportOptions } from './report-content.js';
export { PICTURES } from './report-markdown.js';
export { recordedStudy } from './recorded-study.js';
export { studyReport, type StudyReport } from './study-report.js';
export type { ThumbnailReader, WantedImage } from './thumbnails.js';
export { changedClasses, confusionsOf, wrongAnswers, type ClassChange, type WrongAnswer } from './run-comparison.js';
export { skippedNotes, unusedValidationNote } from './run-notes.js';
export { runReport, runReportFile, type RunThumbnails } from './run-report.js';
export { readZeroShot, ZERO_SHOT, writeZeroShot, type ZeroShotAnswers } from './zero-shot-file.js';
