/** What a method is in the suite: sections and values of a configuration. */
export type EmojiSettings = Readonly<Record<string, unknown>>;

const none = { prompt: { use: 'none' } };

/** Tower weights, as CLIP-LoRA and 2SFS train them, with fewer steps. */
const towers = {
  ...none,
  'train.optimizer': 'adamw',
  'train.weightDecay': 0.01,
  'train.warmupEpochs': 0,
  'train.schedule': 'cosine-steps',
};

const probe = { 'train.epochs': 100, 'train.batch': 256, 'train.weightDecay': 0 };

const fineTunedCache = {
  ...{ 'train.epochs': 20, 'train.batch': 256, 'train.learningRate': 0.001, 'train.optimizer': 'adamw' },
  ...{ 'train.weightDecay': 0.01, 'train.epsilon': 1e-4, 'train.warmupEpochs': 0, 'train.schedule': 'cosine-steps' },
};

/**
 * Settings for the embedded CLIP, which has 6 blocks, chosen on validation images; the papers' presets are for 12. `tools/emoji-settings`
 * holds the values that were compared.
 */
export const emojiSettings: Readonly<Record<string, EmojiSettings>> = {
  clip: none,
  coop: { prompt: { use: 'coop' }, 'train.learningRate': 0.02 },
  cocoop: { prompt: { use: 'cocoop' }, 'train.batch': 1, 'train.learningRate': 0.0005 },
  kgcoop: {
    prompt: { use: 'coop' },
    losses: ['cross-entropy', { use: 'kgcoop/knowledge', weight: 8 }],
    'train.learningRate': 0.02,
  },
  prograd: { prompt: { use: 'coop' }, gradients: { use: 'prograd' }, 'train.learningRate': 0.005 },
  maple: { prompt: { use: 'maple', depth: 3 }, 'train.learningRate': 0.005, 'train.epochs': 5 },
  comma: { prompt: { use: 'comma', depth: 3 }, 'train.learningRate': 0.005, 'train.epochs': 5 },
  vpt: { prompt: { use: 'vpt', visionDepth: 3 }, 'train.learningRate': 0.0025 },
  language: { prompt: { use: 'language', depth: 3 }, 'train.learningRate': 0.03 },
  ivlp: { prompt: { use: 'ivlp', depth: 3, visionDepth: 3 }, 'train.learningRate': 0.0025 },
  'clip+lamm': none,
  promptsrc: {
    prompt: { use: 'ivlp', depth: 3, visionDepth: 3 },
    losses: [
      'cross-entropy',
      { use: 'promptsrc/text', weight: 25 },
      { use: 'promptsrc/image', weight: 10 },
      { use: 'promptsrc/logits', weight: 1 },
    ],
    'train.average': { kind: 'gaussian', mean: 8, deviation: 3 },
    'train.learningRate': 0.03,
  },
  'linear-probe': { ...none, head: { use: 'linear-probe' } },
  'lp++': { ...none, head: { use: 'lp-plus-plus' } },
  'zs-lp': { ...none, head: { use: 'zero-shot-linear-probe' }, ...probe, 'train.learningRate': 0.1 },
  clap: {
    ...none,
    head: { use: 'zero-shot-linear-probe', constraint: 'l2', views: 0 },
    ...probe,
    'train.learningRate': 1,
  },
  taskres: {
    ...none,
    head: { use: 'taskres', relative: true, alpha: 1 },
    ...{ 'train.epochs': 100, 'train.batch': 256, 'train.optimizer': 'adam', 'train.learningRate': 0.0005 },
  },
  'clip-adapter': { ...none, head: { use: 'clip-adapter' }, 'train.epochs': 50, 'train.learningRate': 0.1 },
  'tip-adapter': { ...none, head: { use: 'tip-adapter', alpha: 3, views: 0 } },
  'tip-adapter-f': { ...none, head: { use: 'tip-adapter', fineTune: true, alpha: 3, views: 0 }, ...fineTunedCache },
  tcp: {
    prompt: { use: 'tcp', classBlock: 4 },
    ...{ 'train.epochs': 50, 'train.optimizer': 'adam', 'train.epsilon': 0.001, 'train.learningRate': 0.01 },
  },
  mmrl: {
    prompt: { use: 'mmrl', first: 4, last: 6, regularisation: 0.5 },
    head: { use: 'mmrl' },
    ...{ 'train.optimizer': 'adamw', 'train.learningRate': 0.001 },
  },
  dept: {
    prompt: { use: 'coop' },
    head: { use: 'dept', probeWeight: 0.3 },
    'train.epochs': 50,
    'train.learningRate': 0.02,
  },
  lora: { ...towers, tuning: { use: 'lora' }, 'train.learningRate': 0.005 },
  'layer-norm': { ...towers, tuning: { use: 'layer-norm' }, 'train.learningRate': 0.005 },
  '2sfs': {
    ...towers,
    tuning: { use: 'layer-norm' },
    head: { use: 'zero-shot-linear-probe', text: 'live' },
    ...{ 'train.learningRate': 0.005, 'train.epochs': 6, 'train.then': { epochs: 4 } },
  },
  bias: { ...towers, tuning: { use: 'bias' }, 'train.learningRate': 0.001 },
  mma: {
    ...none,
    tuning: { use: 'mma', start: 3, end: 6, scale: 0.1 },
    'train.warmupEpochs': 0,
    'train.learningRate': 0.015,
  },
};
