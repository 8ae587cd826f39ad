/** What a file is by its first bytes: `drawing` (SVG), `heic`, `bmp`, `pixels` (what libvips reads), or something else, in words. */
export type FileKind = 'drawing' | 'heic' | 'bmp' | 'pixels' | { readonly other: string };

/** Bytes of the beginning that tell. */
const OPENING = 1024;

/** Brands of HEVC in the family of HEIF; AV1's is read by libvips. */
const HEIC_BRANDS = /^(heic|heix|heim|heis|hevc|hevx|hevm|hevs)/;

const SIGNATURES: readonly (readonly [pattern: RegExp, kind: FileKind])[] = [
  [/^(\xff\xd8\xff|\x89PNG|GIF8|II\*\0|MM\0\*|II\+\0|MM\0\+|RIFF....WEBP)/s, 'pixels'],
  [/^BM.{4}\0\0\0\0/s, 'bmp'],
  [/^version https:\/\/git-lfs/, { other: 'a pointer of Git LFS instead of the image; fetch it with `git lfs pull`' }],
  [/^8BPS/, { other: 'a Photoshop document (PSD)' }],
  [/^%PDF/, { other: 'a PDF document' }],
  [/^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, { other: 'JPEG 2000' }],
  [/^(\xff\x0a|\0\0\0\x0cJXL )/, { other: 'JPEG XL' }],
  [/^(RIFF....AVI |\x1a\x45\xdf\xa3)/s, { other: 'a film' }],
  [/^P[1-7]\s/, { other: 'a portable pixmap (PNM)' }],
  [/^\0\0[\x01\x02]\0/, { other: 'a Windows icon (ICO)' }],
  [/^qoif/, { other: 'QOI' }],
  [/^DDS /, { other: 'a DirectDraw surface (DDS)' }],
  [/^SIMPLE {2}=/, { other: 'FITS' }],
  [/^\x93NUMPY/, { other: 'a NumPy array' }],
  [/^.{128}DICM/s, { other: 'DICOM' }],
  [/^(PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!)/, { other: 'a compressed archive' }],
  [/^\s*(<!doctype html|<html)/i, { other: 'a web page' }],
  [/^\s*[{[]\s*["{[\d]/, { other: 'JSON' }],
];

/** Tells what a file is, whatever it is called. */
export function kindOf(file: Uint8Array): FileKind {
  const opening = Buffer.from(file.buffer, file.byteOffset, Math.min(file.length, OPENING));
  const bytes = opening.toString('latin1');
  if (bytes.slice(4, 8) === 'ftyp') return ofBrands(bytes, opening);
  if (isDrawing(opening.toString('utf8'))) return 'drawing';
  const found = SIGNATURES.find(([pattern]) => pattern.test(bytes));
  if (found) return found[1];
  return { other: /^[\t\n\r\x20-\x7e]+$/.test(bytes) ? 'plain text' : 'of no known format' };
}

function isDrawing(text: string): boolean {
  const opening = text.replace(/^\ufeff/, '').trimStart();
  return opening.startsWith('<svg') || (/^<(\?xml|!--|!DOCTYPE svg)/i.test(opening) && /<(\w+:)?svg/.test(opening));
}

/** By the brands of an ISO container: the first one, and those that it says to be compatible with. */
function ofBrands(bytes: string, opening: Buffer): FileKind {
  const end = Math.min(bytes.length, opening.length >= 4 ? opening.readUInt32BE(0) : 0);
  const brands = [
    bytes.slice(8, 12),
    ...Array.from({ length: Math.max(0, (end - 16) >> 2) }, (_, i) => bytes.slice(16 + 4 * i, 20 + 4 * i)),
  ];
  if (brands.some((brand) => HEIC_BRANDS.test(brand))) return 'heic';
  if (brands.some((brand) => /^(avif|avis|mif1|msf1)/.test(brand))) return 'pixels';
  if (brands[0] === 'crx ') return { other: "a camera's raw image (CR3)" };
  return { other: 'a film or sound' };
}
