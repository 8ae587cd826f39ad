import { fileURLToPath } from 'node:url';

/** Files of the font of papers, which is as wide as Times New Roman. */
export function paperFonts(): Readonly<Record<'regular' | 'bold' | 'italic' | 'boldItalic', string>> {
  const file = (style: string): string =>
    fileURLToPath(import.meta.resolve(`@expo-google-fonts/tinos/${style}/Tinos_${style}.ttf`));
  return {
    regular: file('400Regular'),
    bold: file('700Bold'),
    italic: file('400Regular_Italic'),
    boldItalic: file('700Bold_Italic'),
  };
}
