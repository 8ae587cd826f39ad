import { ConfigError, type TransformerShape } from '@promptweave/core';

/** Sizes of released CLIPs with two transformers (arXiv 2103.00020, table 20), and of the embedded one. */
export const architectures: Readonly<Record<string, TransformerShape>> = {
  'ViT-B/32': clip(768, 12, 32, 224, 512),
  'ViT-B/16': clip(768, 12, 16, 224, 512),
  'ViT-L/14': clip(1024, 24, 14, 224, 768),
  'ViT-L/14@336': clip(1024, 24, 14, 336, 768),
  icons: {
    vision: { width: 192, layers: 6, heads: 3, imageSize: 48, patchSize: 8 },
    text: { width: 128, layers: 6, heads: 2, contextLength: 24 },
    embedding: 128,
  },
};

/** @throws ConfigError where the name is none of {@link architectures}. */
export function architectureNamed(name: string): TransformerShape {
  const found = architectures[name];
  if (found) return found;
  throw new ConfigError(`There is no architecture named "${name}".`, {
    where: '--architecture',
    remedy: `Take one of: ${Object.keys(architectures).join(', ')}.`,
  });
}

/** Heads are 64 wide in all of them; the text tower is as wide as the embedding. */
function clip(
  width: number,
  layers: number,
  patchSize: number,
  imageSize: number,
  textWidth: number,
): TransformerShape {
  return {
    vision: { width, layers, heads: width / 64, imageSize, patchSize },
    text: { width: textWidth, layers: 12, heads: textWidth / 64, contextLength: 77 },
    embedding: textWidth,
  };
}
