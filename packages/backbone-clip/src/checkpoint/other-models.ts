import { CheckpointError } from '@promptweave/core';

const CLIP =
  'Choose another model, for example openai/clip-vit-base-patch16; `promptweave backbones` lists what can be loaded.';

/** A name that only such files have, what they hold, and what to do about it. */
type Sign = readonly [name: RegExp, holds: string, remedy: string];

/** What changes a model, alone or beside it. */
const CHANGES: readonly Sign[] = [
  [
    /(^|[._])lora_(A|B|down|up|embedding_[AB]|magnitude_vector)([._]|$)|\.base_layer\./,
    'LoRA weights, which belong to a model that is not in the file',
    'Merge them into the model (in Python: model.merge_and_unload()), save that, and give its folder.',
  ],
  [
    /(^|\.)(adapter_(down|up)|down_sampler|hada_w[12]_[ab]|ia3_l|vera_lambda_[bd]|prompt_embeddings|modules_to_save)(\.|$)/,
    'an adapter, which belongs to a model that is not in the file',
    'Merge it into the model, save that, and give its folder.',
  ],
  [
    /(^|\.)prompt_learner\.|^(ctx|token_prefix|token_suffix)$|(^|\.)(compound_prompts_text|VPT)\b/,
    'learned prompts, with or without parts of their backbone',
    'Give the CLIP that they were learned on as the checkpoint, and bring the prompts in with: promptweave import.',
  ],
];

/** Something else than the weights of a CLIP. */
const OTHERS: readonly Sign[] = [
  ...CHANGES,
  [
    /(^|\.)(exp_avg|exp_avg_sq|momentum_buffer|max_exp_avg_sq)$|^(optimizer_states?|param_groups)\b/,
    "an optimiser's state",
    'Give the weights of the model, which the training saved in another file.',
  ],
  [/(^|\.)visual\.(layer[1-4]\.|attnpool\.|bn1\.)/, 'a CLIP with a ResNet as its vision tower', CLIP],
  [
    /^(logit_bias$|vision_model\.head\.|vision_model\.embeddings\.patch_embedding\.bias$)/,
    'a SigLIP without the whole of its image tower',
    CLIP,
  ],
  [/^text_decoder\./, 'a CoCa', CLIP],
  [
    /(^|\.)visual\.trunk\.blocks\.\d+\.(attn\.(q_proj|q_bias|norm)\b|mlp\.(fc1_g|fc1_x|norm|w1)\b)/,
    'an EVA-CLIP, whose blocks have gated MLPs and layer norms within, which are not computed here',
    CLIP,
  ],
  [
    /(^|\.)visual\.trunk\.(stem|stages|patch_embed\.backbone)\.|^image_encoder\.model\./,
    'a MobileCLIP, whose images enter through convolutions, which are not computed here',
    CLIP,
  ],
  [/(^|\.)visual\.trunk\./, "an open_clip model with one of timm's networks as its vision tower", CLIP],
  [
    /(^|\.)visual\.(blocks\.|patch_embed\.|cls_token$)/,
    'an EVA-CLIP, whose blocks have gated MLPs and layer norms within, which are not computed here',
    CLIP,
  ],
  [/^text\.transformer\.(embeddings|encoder)\./, 'an open_clip model with a Hugging Face text tower', CLIP],
  [/^(qformer\.|query_tokens$|language_model\.)/, 'a BLIP-2 or another model with a language model', CLIP],
  [/^(text_encoder\.|visual_encoder\.|text_decoder\.)/, 'a BLIP or ALBEF', CLIP],
  [/^bert\./, 'a Chinese-CLIP', CLIP],
  [/^(layer[1-4]\.\d|fc\.weight$)/, 'a plain ResNet classifier', CLIP],
  [/^(patch_embed\.|blocks\.\d)/, 'a plain vision transformer without a text tower', CLIP],
];

/** @throws CheckpointError saying what the names are of, where they are of something else than a CLIP */
export function refuseOthers(names: readonly string[], where: string): void {
  refuse(OTHERS, names, where);
}

/** @throws CheckpointError where names that stand beside a CLIP are of something that changes what it computes */
export function refuseChanges(names: readonly string[], where: string): void {
  refuse(CHANGES, names, where);
}

function refuse(signs: readonly Sign[], names: readonly string[], where: string): void {
  for (const [pattern, model, remedy] of signs) {
    const telling = names.find((name) => pattern.test(name));
    if (telling === undefined) continue;
    throw new CheckpointError(`The file holds ${model} (it has a tensor "${telling}").`, { where, remedy });
  }
}
