/** Line and column, from 1. */
export type Position = { readonly line: number; readonly column: number };

/** From behind what stands before a statement (a bracket, a comma) to behind its closing brace, as IAM counts. */
export type Span = { readonly start: Position; readonly end: Position };

const NOWHERE = -1;

/** Where each statement of a policy stands in its text, in their order. @param text a policy that can be read */
export function statementPositions(text: string): readonly Span[] {
  const spans: Span[] = [];
  let name = '';
  let begin = 0;
  let depth = 0;
  // Whose members' braces are statements: those of the policy when it has only one, else those of its list.
  let statementsAt = NOWHERE;

  for (const { index, token } of tokensOf(text)) {
    if (token.startsWith('"')) {
      if (depth === 1) name = token;
    } else if (token === '{' || token === '[') {
      if (depth === 1 && name === '"Statement"') statementsAt = token === '[' ? 2 : 1;
      depth += 1;
      if (depth === statementsAt) begin = index + 1;
    } else if (token === '}' || token === ']') {
      depth -= 1;
      if (token === '}' && depth === statementsAt)
        spans.push({ start: placeOf(text, begin), end: placeOf(text, index + 1) });
      if (depth === 1) statementsAt = NOWHERE;
    } else if (depth === 1 || depth === statementsAt) begin = index + 1;
  }
  return spans;
}

/** What gives JSON its shape; the content of strings does not. */
const tokensOf = (text: string): readonly { readonly index: number; readonly token: string }[] =>
  [...text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}:,]/g)].map(({ index, 0: token }) => ({ index, token }));

function placeOf(text: string, index: number): Position {
  const before = text.slice(0, index);
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') };
}
