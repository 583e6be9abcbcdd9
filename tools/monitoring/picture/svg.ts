/** In pixels of the picture. */
export type Box = { readonly x: number; readonly y: number; readonly w: number; readonly h: number };

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A tenth of a pixel is enough. */
export const px = (value: number): number => Math.round(value * 10) / 10;

/** @param look a class of {@link STYLE} */
export const text = (x: number, y: number, look: string, content: string): string =>
  `<text x="${px(x)}" y="${px(y)}" class="${look}">${escaped(content)}</text>`;

export const rect = ({ x, y, w, h }: Box, look: string, round = 0): string =>
  `<rect x="${px(x)}" y="${px(y)}" width="${px(w)}" height="${px(h)}"${round === 0 ? '' : ` rx="${round}"`} class="${look}"/>`;

/** About as wide as it will be: nobody has measured the font of the reader. */
export const widthOf = (content: string, fontPx: number): number => content.length * fontPx * EM;

const EM = 0.57;

/** As much of the text as fits. */
export function fitting(content: string, width: number, fontPx: number): string {
  const most = Math.floor(width / (fontPx * EM));
  return content.length <= most ? content : `${content.slice(0, Math.max(0, most - 1))}…`;
}

/** The words of a text, in lines that fit. */
export function wrapped(content: string, width: number, fontPx: number): readonly string[] {
  const lines: string[] = [];
  for (const word of content.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && widthOf(longer, fontPx) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** How many colours the curves of a panel have; then they begin again. */
export const COLOURS = 8;

const colours = (values: readonly string[]): string =>
  values.map((value, index) => `.c${index} { stroke: ${value} } .k${index} { fill: ${value} }`).join('\n  ');

/** Light or dark as the reader has it. */
export const STYLE = `
  text { font: 10px system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; fill: #1f2328 }
  .heading { font-size: 13px; font-weight: 600 } .title { font-size: 11px; font-weight: 600 }
  .number { font-size: 26px; font-weight: 600 } .end { text-anchor: end } .middle { text-anchor: middle }
  .faint, .faint.end, .faint.middle { fill: #59636e; font-size: 9px }
  .page { fill: #f6f8fa } .panel { fill: #fff; stroke: #d1d9e0 } .moment { fill: #1f2328; opacity: .06 } .band { fill: #eaeef2 }
  .grid { stroke: #d1d9e0; stroke-width: .5 } .curve { fill: none; stroke-width: 1.4; stroke-linejoin: round; stroke-linecap: round }
  .good { fill: #1a7f37 } .bad { fill: #cf222e }
  .moment-of-the-run { opacity: .35 }
  ${colours(['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#cf222e', '#9a6700', '#1b7c83', '#bf3989'])}
  @media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .faint, .faint.end, .faint.middle { fill: #9198a1 }
  .page { fill: #0d1117 } .panel { fill: #161b22; stroke: #3d444d } .moment { fill: #e6edf3; opacity: .07 } .band { fill: #262c36 }
  .grid { stroke: #3d444d } .good { fill: #3fb950 } .bad { fill: #f85149 }
  ${colours(['#58a6ff', '#f0883e', '#3fb950', '#bc8cff', '#ff7b72', '#d29922', '#39c5cf', '#f778ba'])}
  }
`;
