import { z } from 'zod';
import { size } from './sizes.js';

/** `text_cfg` of `open_clip_config.json`: the sizes of the text tower. */
export const textSchema = z.looseObject({
  context_length: size.nullish(),
  vocab_size: size.nullish(),
  width: size.nullish(),
  heads: size.nullish(),
  layers: size.nullish(),
});

/** These sizes by their names here; open_clip has 8 heads where none are named. */
export const textSizes = (text: z.infer<typeof textSchema>) => ({
  textWidth: text.width ?? undefined,
  textLayers: text.layers ?? undefined,
  textHeads: text.heads ?? 8,
  contextLength: text.context_length ?? undefined,
  vocabularySize: text.vocab_size ?? undefined,
});
