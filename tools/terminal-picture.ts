/** What a terminal showed, and when: one entry for each line. */
export type Recording = readonly { readonly atMs: number; readonly line: string }[];

const COLUMNS = 112;
const CHARACTER_PX = 7.25;
const LINE_PX = 18;
const EDGE_PX = 16;
/** Nobody waits longer than that for the next line of a picture. */
const LONGEST_PAUSE_MS = 900;
const ESCAPE = '\u001B';
const COLOUR = new RegExp(String.raw`(${ESCAPE}\[[\d;]*m)`);
const COLOURS: Readonly<Record<string, string>> = { 1: 'b', 2: 'd', 31: 'r', 32: 'g', 33: 'y', 36: 'c', 90: 'd' };

const STYLE = `
  text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; fill: #1f2328; white-space: pre }
  rect { fill: #f6f8fa; stroke: #d1d9e0 }
  .b { font-weight: 600 } .d { fill: #59636e } .r { fill: #d1242f } .g { fill: #1a7f37 } .y { fill: #9a6700 } .c { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } rect { fill: #161b22; stroke: #3d444d }
    .d { fill: #9198a1 } .r { fill: #ff7b72 } .g { fill: #3fb950 } .y { fill: #d29922 } .c { fill: #58a6ff }
  }
  text { animation: line 1ms both }
  @keyframes line { from { opacity: 0 } to { opacity: 1 } }
  @media (prefers-reduced-motion: reduce) { text { animation: none } }
`;

/** An SVG in which the lines appear as they did in the terminal. The same recording gives the same bytes. */
export function terminalPicture(recording: Recording): string {
  const width = Math.ceil(COLUMNS * CHARACTER_PX + 2 * EDGE_PX);
  const height = recording.length * LINE_PX + 2 * EDGE_PX;
  let shownAtMs = 0;
  const lines = recording.map(({ atMs, line }, index) => {
    shownAtMs += Math.min(atMs - (recording[index - 1]?.atMs ?? 0), LONGEST_PAUSE_MS);
    const y = EDGE_PX + (index + 1) * LINE_PX - 5;
    return `<text x="${EDGE_PX}" y="${y}" style="animation-delay:${Math.round(shownAtMs)}ms">${spans(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<style>${STYLE}</style>`,
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
}

/** The text of a line with its colours, cut where the picture ends. */
function spans(line: string): string {
  let left = COLUMNS;
  let look = '';
  return line
    .split(COLOUR)
    .map((part) => {
      const code = part.startsWith(ESCAPE) ? part.slice(2, -1) : undefined;
      if (code !== undefined) look = COLOURS[code] ?? (/^(0|22|39)?$/.test(code) ? '' : look);
      const shown = code === undefined ? cut(part, left) : '';
      left -= shown.length;
      return shown === '' || look === '' ? escaped(shown) : `<tspan class="${look}">${escaped(shown)}</tspan>`;
    })
    .join('');
}

const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}${length > 0 ? '…' : ''}`;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
