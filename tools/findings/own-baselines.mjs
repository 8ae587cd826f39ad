// Prints a sweep's numbers as `promptweave report --format csv` does, but compares each variant (`CoOp, all losses`) with its own
// learner (`CoOp`); rows that are no variant have the report's baseline.
// Needs a build. Usage: node tools/findings/own-baselines.mjs runs/studies/promptsrc > examples/studies/results/promptsrc.csv
import { compareRows, longCsv, longRows, readStudy, SweepFolder } from '../../packages/bench/dist/index.js';

const study = readStudy(new SweepFolder(process.argv[2]));
const { baselines, ...comparison } = compareRows(study);
const nameOf = ({ labels }) => labels[study.axes.indexOf('name')];
const baselineOf = (name) =>
  baselines.find((each) => each.name !== name && each.name === name.split(', ')[0]) ?? baselines[0];

const differences = study.rows.map((row, r) => baselineOf(nameOf(row)).differences[r]);
const lines = longRows(study, { ...comparison, baselines: [{ ...baselines[0], differences }] });
console.log(
  longCsv(lines.map((line) => (line.baseline ? { ...line, baseline: baselineOf(line.axes.name).name } : line))),
);
