const NAME = '[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?';
const KEY = `(?:[a-z0-9][a-z0-9.-]{0,252}/)?${NAME}`;
const VALUE = `(?:${NAME})?`;
const REQUIREMENT = new RegExp(
  `^(?:!?${KEY}|${KEY} *(?:=|==|!=) *${VALUE}|${KEY} +(?:in|notin) *\\( *${VALUE}(?: *, *${VALUE})* *\\))$`,
);

/**
 * Whether the API server would take the selector: `shard=a`, `tier!=test,shard in (a, b),!paused`.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export function isLabelSelector(text: string): boolean {
  // A comma inside parentheses separates values, one outside separates requirements.
  return text.split(/,(?![^(]*\))/).every((requirement) => REQUIREMENT.test(requirement.trim()));
}
