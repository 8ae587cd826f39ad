import type { LearnedDescription, ResolvedConfiguration, RunResult } from '@promptweave/core/experiment';
import { stringify } from 'yaml';
import { isHubName } from './hub-access.js';

/** What a card is written of. */
export interface CardContent {
  /** `user/name` */
  readonly name: string;
  readonly license: string;
  readonly description: LearnedDescription;
  /** Absent where the run was not evaluated, as an imported one. */
  readonly result?: RunResult;
}

/** Classes that the card names. */
const NAMED = 200;

/** The model card: data, classes, accuracy with intervals, how to use it. Markdown with the hub's heading. */
export function modelCard({ name, license, description, result }: CardContent): string {
  const { classNames, template } = description;
  const configuration = description.configuration as ResolvedConfiguration;
  const { backbone, dataset, prompt, labels, head, tuning } = configuration;
  const checkpoint = String(backbone['checkpoint'] ?? backbone.use);
  const heading = {
    license,
    library_name: 'promptweave',
    pipeline_tag: 'image-classification',
    tags: ['promptweave', 'prompt-learning', 'clip', 'few-shot'],
    ...(isHubName(checkpoint) && { base_model: checkpoint }),
  };
  const parts = [
    `prompt \`${prompt.use}\``,
    `labels \`${labels.use}\``,
    `head \`${head.use}\``,
    `tuning \`${tuning.use}\``,
  ];
  const shown = classNames.slice(0, NAMED).join(', ');
  const more = classNames.length > NAMED ? `, and ${classNames.length - NAMED} more` : '';
  return `---
${stringify(heading)}---

# ${name}

Learned prompts for ${backbone.use} (\`${checkpoint}\`), whose weights are not in here: ${parts.join(', ')}.
Trained with [promptweave](https://github.com/promptweave/promptweave).

## Use

\`\`\`
npx promptweave predict image.jpg --run hf:${name}
\`\`\`

\`\`\`ts
import { openRun } from 'promptweave';

const model = await openRun('hf:${name}');
const [best] = await model.predict('image.jpg'); // { label, probability }
\`\`\`

## Classes

${classNames.length}: ${shown}${more}. Template: "${template}"

## Data

Data set \`${dataset.use}\`, ${dataset.shots === 'all' ? 'all training images' : `at most ${dataset.shots} training images a class`}, seed ${configuration.seed}.

## Accuracy

${accuracies(result)}
`;
}

function accuracies(result: RunResult | undefined): string {
  if (!result) return 'Not measured.';
  const rows = Object.entries(result.evaluations).map(([set, { accuracy, images }]) => {
    const [low, high] = wilson(accuracy, images);
    const percent = (fraction: number): string => (100 * fraction).toFixed(1);
    return `| ${set} | ${percent(accuracy)} | ${percent(low)} to ${percent(high)} | ${images} |`;
  });
  return `| images of | accuracy, % | 95 % interval | images |\n| --- | ---: | ---: | ---: |\n${rows.join('\n')}\n\nIntervals are Wilson's, over the images.`;
}

/** Wilson's 95 % interval of a share of n (J. Am. Stat. Assoc. 22, 1927). */
export function wilson(share: number, n: number): [low: number, high: number] {
  const z = 1.959964;
  const centre = share + z ** 2 / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  const scale = 1 + z ** 2 / n;
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)];
}
