/** Sizes of a released model. Widths are values, heads and layers counts, images pixels a side. */
export interface KnownModel {
  /** Id on the Hugging Face hub, of the smallest images where there are several; or the name of a configuration. */
  readonly id: string;
  readonly image: {
    readonly width: number;
    readonly layers: number;
    readonly heads: number;
    readonly patch: number;
    readonly sizes: readonly number[];
  };
  readonly text: {
    readonly width: number;
    readonly layers: number;
    readonly heads: number;
    readonly length: number;
    readonly tokens: number;
  };
  readonly embedding: number;
}

/** Models of one kind, and whether this package computes them. */
export interface KnownFamily {
  readonly name: string;
  readonly licence: string;
  /** Whether weights of this family are loaded. */
  readonly supported: boolean;
  /** What must be known of a supported family, or why another one is not supported. */
  readonly note: string;
  readonly models: readonly KnownModel[];
}

type Tower = readonly [width: number, layers: number, heads: number];

function model(
  id: string,
  [width, layers, heads]: Tower,
  [patch, ...sizes]: readonly number[],
  [textWidth, textLayers, textHeads]: Tower,
  [length, tokens]: readonly [number, number],
  embedding: number,
): KnownModel {
  return {
    id,
    image: { width, layers, heads, patch: patch!, sizes },
    text: { width: textWidth, layers: textLayers, heads: textHeads, length, tokens },
    embedding,
  };
}

const B: Tower = [768, 12, 12];
const L: Tower = [1024, 24, 16];
const H: Tower = [1280, 32, 16];
const T512: Tower = [512, 12, 8];
const T768: Tower = [768, 12, 12];
const T1024: Tower = [1024, 24, 16];
const BIG_G: Tower = [1664, 48, 16];
const T1280: Tower = [1280, 32, 20];
const SO400M: Tower = [1152, 27, 16];
const CLIP = [77, 49_408] as const;
const XLM_V = [77, 901_629] as const;
const MT5 = [77, 250_100] as const;

const ofClip = (id: string, image: Tower, patches: readonly number[], text: Tower, embedding: number): KnownModel =>
  model(id, image, patches, text, CLIP, embedding);

const no = (name: string, licence: string, note: string): KnownFamily => ({
  name,
  licence,
  supported: false,
  note,
  models: [],
});

/**
 * Families of CLIP-like models that people use, by papers and configurations of the libraries that publish them; licences as the models' pages state them,
 * which are to be read before use.
 */
export const KNOWN_FAMILIES: readonly KnownFamily[] = [
  {
    name: 'CLIP (OpenAI)',
    licence: 'MIT',
    supported: true,
    note: 'QuickGELU.',
    models: [
      ofClip('openai/clip-vit-base-patch32', B, [32, 224], T512, 512),
      ofClip('openai/clip-vit-base-patch16', B, [16, 224], T512, 512),
      ofClip('openai/clip-vit-large-patch14', L, [14, 224], T768, 768),
      ofClip('openai/clip-vit-large-patch14-336', L, [14, 336], T768, 768),
    ],
  },
  {
    name: 'OpenCLIP (LAION, DataComp)',
    licence: 'MIT',
    supported: true,
    note: 'Exact GELU; some have means and deviations of 0.5.',
    models: [
      ofClip('laion/CLIP-ViT-B-32-laion2B-s34B-b79K', B, [32, 224], T512, 512),
      ofClip('laion/CLIP-ViT-B-16-laion2B-s34B-b88K', B, [16, 224], T512, 512),
      ofClip('laion/CLIP-ViT-L-14-laion2B-s32B-b82K', L, [14, 224], T768, 768),
      ofClip('laion/CLIP-ViT-H-14-laion2B-s32B-b79K', H, [14, 224], T1024, 1024),
      ofClip('laion/CLIP-ViT-g-14-laion2B-s12B-b42K', [1408, 40, 16], [14, 224], T1024, 1024),
      ofClip('laion/CLIP-ViT-bigG-14-laion2B-39B-b160k', BIG_G, [14, 224], T1280, 1280),
    ],
  },
  {
    name: 'MetaCLIP',
    licence: 'CC-BY-NC-4.0',
    supported: true,
    note: 'QuickGELU, but H/14 of version 1.2.',
    models: [
      ofClip('timm/vit_base_patch32_clip_224.metaclip_2pt5b', B, [32, 224], T512, 512),
      ofClip('timm/vit_base_patch16_clip_224.metaclip_2pt5b', B, [16, 224], T512, 512),
      ofClip('timm/vit_large_patch14_clip_224.metaclip_2pt5b', L, [14, 224], T768, 768),
      ofClip('timm/vit_huge_patch14_clip_224.metaclip_2pt5b', H, [14, 224], T1024, 1024),
    ],
  },
  {
    name: 'DFN',
    licence: "Apple's, for research",
    supported: true,
    note: 'H/14 squashes images to the square.',
    models: [
      ofClip('apple/DFN2B-CLIP-ViT-B-16', B, [16, 224], T512, 512),
      ofClip('apple/DFN2B-CLIP-ViT-L-14', L, [14, 224], T768, 768),
      ofClip('apple/DFN5B-CLIP-ViT-H-14', H, [14, 224], T1024, 1024),
      ofClip('apple/DFN5B-CLIP-ViT-H-14-378', H, [14, 378], T1024, 1024),
    ],
  },
  {
    name: 'TinyCLIP (manual)',
    licence: 'MIT',
    supported: true,
    note: 'The "auto" ones, whose heads and channels are pruned, are not.',
    models: [
      ofClip('wkcn/TinyCLIP-ViT-39M-16-Text-19M-YFCC15M', [512, 12, 8], [16, 224], [512, 6, 8], 512),
      ofClip('wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M', [256, 10, 4], [16, 224], [256, 3, 4], 512),
    ],
  },
  {
    name: 'MetaCLIP 2 (worldwide)',
    licence: 'CC-BY-NC-4.0',
    supported: true,
    note: 'CLIP’s towers; vocabularies of XLM-V or mT5, read at the first end of text.',
    models: [
      model('facebook/metaclip-2-worldwide-huge-quickgelu', H, [14, 224, 378], T1024, XLM_V, 1024),
      model('timm/vit_gigantic_patch14_clip_224.metaclip2_worldwide', BIG_G, [14, 224, 378], T1280, XLM_V, 1280),
      model('ViT-L-14-worldwide (open_clip)', L, [14, 224], T768, MT5, 768),
    ],
  },
  {
    name: 'SigLIP',
    licence: 'Apache-2.0',
    supported: true,
    note: 'Full attention over the text, padding too; no class token, a pooling head.',
    models: [
      model('google/siglip-base-patch16-224', B, [16, 224, 256, 384, 512], B, [64, 32_000], 768),
      model('google/siglip-base-patch16-256-multilingual', B, [16, 256], B, [64, 250_000], 768),
      model('google/siglip-large-patch16-256', L, [16, 256, 384], T1024, [64, 32_000], 1024),
      model('google/siglip-so400m-patch14-384', SO400M, [14, 224, 384], SO400M, [64, 32_000], 1152),
    ],
  },
  {
    name: 'SigLIP 2 (fixed resolution)',
    licence: 'Apache-2.0',
    supported: true,
    note: 'As SigLIP, with the vocabulary of Gemma.',
    models: [
      model('google/siglip2-base-patch32-256', B, [32, 256], B, [64, 256_000], 768),
      model('google/siglip2-base-patch16-224', B, [16, 224, 256, 384, 512], B, [64, 256_000], 768),
      model('google/siglip2-large-patch16-256', L, [16, 256, 384, 512], T1024, [64, 256_000], 1024),
      model('google/siglip2-so400m-patch14-224', SO400M, [14, 224, 384], SO400M, [64, 256_000], 1152),
      model('google/siglip2-so400m-patch16-256', SO400M, [16, 256, 384, 512], SO400M, [64, 256_000], 1152),
      model('google/siglip2-giant-opt-patch16-256', [1536, 40, 16], [16, 256, 384], SO400M, [64, 256_000], 1536),
    ],
  },
  {
    name: 'PE-Core (Perception Encoder)',
    licence: 'Apache-2.0',
    supported: true,
    note: 'Queries and keys turn with the place of the patch; a pooling head; short texts.',
    models: [
      model('facebook/PE-Core-T16-384', [192, 12, 3], [16, 384], T512, [32, 49_408], 512),
      model('facebook/PE-Core-S16-384', [384, 12, 6], [16, 384], T512, [32, 49_408], 512),
      model('facebook/PE-Core-B16-224', B, [16, 224], T1024, [32, 49_408], 1024),
      model('facebook/PE-Core-L14-336', L, [14, 336], T1024, [32, 49_408], 1024),
      model('facebook/PE-Core-G14-448', [1536, 50, 16], [14, 448], [1280, 24, 20], [72, 49_408], 1280),
    ],
  },
  no('EVA-02-CLIP', 'MIT', 'Its blocks have gated MLPs, layer norms within, and keys without bias.'),
  no(
    'MobileCLIP, MobileCLIP 2',
    "Apple's, for research",
    'Images enter through convolutions; S0 to S4 are convolutional networks, and some texts see their padding.',
  ),
  no('SigLIP 2 NaFlex', 'Apache-2.0', 'Images of any shape, with masks and positions of their own.'),
  no('CLIPA, OpenVision', 'Apache-2.0', 'Average pooling and word pieces of BERT.'),
  no('CLIP with a ResNet', 'MIT', 'Convolutions; there are no rows for vision prompts.'),
  no('CoCa, BLIP, ALIGN, text towers of transformers', 'various', 'Other architectures.'),
];
