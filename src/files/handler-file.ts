/**
 * Whether the code has the file that a Node.js handler names; undefined when it has, or when the runtime is another.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */
export function handlerFileProblem(handler: string, runtime: string, names: readonly string[]): string | undefined {
  if (!runtime.startsWith('nodejs')) return undefined;
  const slash = handler.lastIndexOf('/') + 1;
  const dot = handler.indexOf('.', slash);
  if (dot === -1)
    return `the handler ${JSON.stringify(handler)} names no export; write it as file.export, such as index.handler`;
  const module = handler.slice(0, dot).replace(/^\.\//, '');
  const has = (ending: string): boolean => names.includes(module + ending);
  if (['.mjs', '.js', '.cjs'].some(has) || names.some((name) => name.startsWith(`${module}/`))) return undefined;
  const source = ['.ts', '.mts', '.cts'].find(has);
  if (source !== undefined)
    return `${module}${source} is TypeScript and is not compiled here; compile it and name the folder with the JavaScript`;
  return `the handler ${handler} needs ${module}.mjs, ${module}.js or ${module}.cjs, and the code holds ${listed(names)}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
