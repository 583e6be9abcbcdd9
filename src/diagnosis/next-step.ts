/** A command about one pipeline, as it is to be typed. @param program what this program was started as */
export function nextStep(
  verb: 'reconcile' | 'resume' | 'trace',
  { key, program }: { readonly key: string; readonly program: string },
): string {
  const [namespace = '', name = ''] = key.split('/');
  return `${program} ${verb} ${name} -n ${namespace}`;
}
