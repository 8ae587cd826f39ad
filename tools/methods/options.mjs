import { optionsTable } from '../reference/options.mjs';

/** The options of each part, and the presets. */
export function options({ parts, presets = [] }, registry) {
  const tables = parts.flatMap(([kind, part]) => {
    const rows = optionsTable(registry.get(kind, part));
    const title = parts.length > 1 ? ['', `### Options of ${kind} \`${part}\``] : [];
    return [...title, '', ...(rows.length > 0 ? rows : ['It has no options.'])];
  });
  const named = registry.presets().filter(({ name }) => presets.some((start) => name.startsWith(start)));
  return [
    ...tables.slice(1),
    ...(named.length > 0
      ? [
          '',
          '## Presets',
          '',
          ...named.map((preset) =>
            presetLine(
              preset,
              parts.map(([, part]) => part),
            ),
          ),
        ]
      : []),
  ];
}

function presetLine({ name, configuration }, own) {
  const { protocol, prompt, train = {}, byShots = {}, byDataset = {} } = configuration;
  const says = [
    protocol,
    prompt && !own.includes(prompt.use) && prompt.use !== 'none' && `on \`${prompt.use}\``,
    length(train),
    train.batch && `batch ${train.batch}`,
    train.learningRate && `learning rate ${train.learningRate}`,
    train.optimizer,
    otherwise(
      byShots,
      (keys) => keys.map((shots) => `up to ${shots}`).join(' and ') + (keys.join() === '1' ? ' shot' : ' shots'),
    ),
    otherwise(byDataset, (keys) => keys.join(', ')),
  ].filter(Boolean);
  const anchor = name.replaceAll(/[^a-z0-9_ -]/gi, '');
  return `- [\`${name}\`](../reference/presets.md#${anchor})${says.length > 0 ? `: ${says.join(', ')}` : ': no steps of the optimiser'}.`;
}

function length({ epochs, stepsPerShot, steps, then }) {
  if (steps) return `${steps} steps`;
  if (!stepsPerShot) return epochs && `${epochs} epoch${epochs === 1 ? '' : 's'}`;
  return then ? `${stepsPerShot} steps a shot, then ${then.stepsPerShot} of the head` : `${stepsPerShot} steps a shot`;
}

function otherwise(by, says) {
  const keys = Object.keys(by);
  return keys.length > 0 && `other values for ${says(keys)}`;
}
