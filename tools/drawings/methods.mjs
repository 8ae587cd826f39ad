/**
 * Where the learned values of each method enter. `text` and `vision`: what stands at the input of the tower and what replaces it at the input
 * of later blocks (`deep`); `learned` values are trained, `made` ones follow from others; `link` is drawn from one tower to the other,
 * `blocks` are values within the blocks, `head` what is learned after the towers, `readsText` whether it reads the text feature: `yes`, `no`, or to `start`
 * from.
 */
export const methods = {
  'zero-shot': { title: 'Zero-shot CLIP' },
  coop: { title: 'CoOp', text: { input: 'learned' } },
  cocoop: { title: 'CoCoOp', text: { input: 'learned' }, link: { from: 'image', says: 'meta-net' } },
  kgcoop: { title: 'KgCoOp', text: { input: 'learned' }, loss: 'text features stay near frozen ones' },
  maple: {
    title: 'MaPLe',
    text: { input: 'learned', deep: 'learned' },
    vision: { input: 'made', deep: 'made' },
    link: { from: 'text', says: 'linear' },
  },
  vpt: { title: 'VPT', vision: { input: 'learned', deep: 'learned' } },
  language: { title: 'Language prompting', text: { input: 'learned', deep: 'learned' } },
  ivlp: {
    title: 'IVLP',
    text: { input: 'learned', deep: 'learned' },
    vision: { input: 'learned', deep: 'learned' },
  },
  promptsrc: {
    title: 'PromptSRC',
    text: { input: 'learned', deep: 'learned' },
    vision: { input: 'learned', deep: 'learned' },
    loss: 'features and answers stay near frozen CLIP',
  },
  comma: {
    title: 'COMMA',
    text: { input: 'learned', deep: 'learned' },
    vision: { input: 'made', deep: 'made' },
    link: { from: 'text', says: 'attention' },
    loss: 'late text blocks stay near frozen ones',
  },
  lamm: { title: 'LAMM', name: true, loss: 'names stay near their anchors' },
  tcp: { title: 'TCP', text: { input: 'learned', deep: 'made' }, loss: 'text features stay near frozen ones' },
  mmrl: {
    title: 'MMRL',
    text: { deep: 'made' },
    vision: { deep: 'made' },
    link: { from: 'shared', says: 'shared tokens' },
    head: 'second read-out',
  },
  lora: { title: 'CLIP-LoRA', blocks: 'B A' },
  'layer-norm': { title: 'Layer norms', blocks: 'norms' },
  bias: { title: 'Biases', blocks: 'biases' },
  mma: { title: 'MMA', blocks: 'adapter', link: { from: 'shared', says: 'shared layer' } },
  dept: { title: 'DePT', head: 'linear probe beside' },
  taskres: { title: 'TaskRes', head: 'residual of the text features' },
  'clip-adapter': { title: 'CLIP-Adapter', head: 'adapter of the image feature' },
  'tip-adapter': { title: 'Tip-Adapter', head: 'cache of training images' },
  'linear-probe': { title: 'Linear probe', head: 'a classifier of image features', readsText: 'no' },
  'lp-plus-plus': { title: 'LP++', head: 'a classifier, and weights of the text' },
  'zero-shot-linear-probe': {
    title: 'Zero-shot linear probe, CLAP',
    readsText: 'start',
    head: 'a classifier that starts from the text',
    loss: 'it stays near the text (CLAP)',
  },
  prograd: { title: 'ProGrad', text: { input: 'learned' }, loss: 'steps do not work against frozen CLIP' },
};
