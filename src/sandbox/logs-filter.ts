/**
 * Whether a message has the terms of a filter pattern: `ERROR timeout` wants both, `?ERROR ?WARN` one of them, `-DEBUG`
 * none, `"two words"` just so. Case matters.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function matchesFilter(pattern: string, message: string): boolean {
  const terms = [...pattern.matchAll(/([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)].map(([, sign = '', quoted, plain]) => ({
    sign,
    text: quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '',
  }));
  const has = ({ text }: { readonly text: string }): boolean => message.includes(text);
  const wanted = terms.filter(({ sign }) => sign === '');
  const optional = terms.filter(({ sign }) => sign === '?');
  const unwanted = terms.filter(({ sign }) => sign === '-');
  // Beside a term that must be there, optional ones are not looked at.
  const meetsOptional = optional.length === 0 || wanted.length > 0 || optional.some(has);
  return wanted.every(has) && meetsOptional && !unwanted.some(has);
}
