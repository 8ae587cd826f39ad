declare module 'svg-to-pdfkit' {
  interface SvgToPdfOptions {
    readonly width?: number;
    readonly height?: number;
    /** A unit of the SVG is a point of the page. */
    readonly assumePt?: boolean;
    readonly preserveAspectRatio?: string;
    /** The name of a registered font. */
    fontCallback?(family: string, bold: boolean, italic: boolean): string;
    warningCallback?(warning: string): void;
  }

  /** Draws an SVG on the present page of a document. */
  // eslint-disable-next-line no-restricted-syntax -- it is somebody else's module
  export default function svgToPdf(
    document: PDFKit.PDFDocument,
    svg: string,
    x: number,
    y: number,
    options?: SvgToPdfOptions,
  ): void;
}
