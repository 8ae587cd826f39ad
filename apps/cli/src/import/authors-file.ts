import { CheckpointError, type StateDict } from '@promptweave/core';
import { clipLoraValues, isClipLora, type LoraPlaces } from './clip-lora-file.js';

/** A file of the authors' code, as it was read. */
export interface AuthorsFile {
  readonly tensors: StateDict;
  /** Numbers and texts beside the weights. */
  readonly values: Readonly<Record<string, number | string | boolean>>;
}

/** What is learned in it, by the names of our variables, and what is not. */
export interface LearnedPart {
  readonly learned: StateDict;
  readonly ignored: readonly string[];
}

/**
 * Modules of the authors' models that hold what is learned. dassl saves such a module alone (CoOp, KgCoOp, ProGrad, TCP, TaskRes, MMA) or within
 * the whole model (MaPLe, PromptSRC, DePT, MMRL), where its name comes first.
 */
const MODULES = ['prompt_learner.', 'adapter_learner.', 'representation_learner.'];

/** What the modules hold besides: embeddings of fixed tokens and text features, which are computed here, and PromptSRC's untrained tower. */
const FIXED =
  /^(token_(prefix|suffix|middle|midfix)|token_embedding$|tokenized_prompts$|base_text_features$|ZS_image_encoder\.)/;

/** KgCoOp makes these and never uses or trains them; the first of them tells its files from those whose `meta_net` is learned. */
const KGCOOP = 'bias_vectors';
const UNUSED = /^(bias_vectors$|meta_net\.|adapter\.)/;

/** What is learned in a whole model outside of these modules: prompts within the towers, DePT's and MMRL's layers. */
const OUTSIDE = /(^|\.)VPT(_shallow)?$|^film_\w+\.|^linear_probe_proj\.|(^|\.)proj_rep$/;

/**
 * The learned tensors under the names of our variables.
 * @param places where the classifier has low-rank changes, for CLIP-LoRA's files
 * @throws CheckpointError where the file holds nothing learned, or belongs to other low-rank changes
 */
export function learnedPart({ tensors, values }: AuthorsFile, places: LoraPlaces, where: string): LearnedPart {
  if (isClipLora(tensors)) return { learned: clipLoraValues({ tensors, values }, places, where), ignored: [] };
  const moduleOf = (full: string) => MODULES.find((module) => full.includes(module));
  const whole = [...tensors.keys()].some((name) => moduleOf(name) !== undefined);
  const learned: StateDict = new Map();
  const ignored: string[] = [];
  const own = (full: string): string | undefined => {
    const module = moduleOf(full);
    if (module !== undefined) return full.slice(full.indexOf(module) + module.length);
    return !whole || OUTSIDE.test(full) ? full : undefined;
  };
  const ofKgCoOp = [...tensors.keys()].some((full) => own(full) === KGCOOP);
  for (const [full, tensor] of tensors) {
    const name = own(full);
    const isLearned = name !== undefined && !FIXED.test(name) && !(ofKgCoOp && UNUSED.test(name));
    if (isLearned) learned.set(name, tensor);
    else ignored.push(full);
  }
  if (learned.size === 0) {
    throw new CheckpointError('The file holds nothing that was learned.', {
      where,
      remedy: "Name the checkpoint that the authors' training wrote, e.g. model.pth.tar-5.",
    });
  }
  return { learned, ignored };
}
