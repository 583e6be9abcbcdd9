/** A value as HCL writes it. Strings are templates: `${local.account}` in one is Terraform's to fill in. */
export function hcl(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 1) return `[${hcl(value[0], indent)}]`;
    return `[\n${value.map((each) => `${inner}${hcl(each, inner)},\n`).join('')}${indent}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).map(keyOf);
  const width = Math.max(...keys.map(({ length }) => length));
  const members = Object.values(value).map(
    (each, index) => `${inner}${(keys[index] ?? '').padEnd(width)} = ${hcl(each, inner)}\n`,
  );
  return `{\n${members.join('')}${indent}}`;
}

const keyOf = (key: string): string => (/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key));
