/** A command of this program about one pipeline, as it is to be typed. */
export function nextStep(verb: 'reconcile' | 'resume' | 'trace', key: string): string {
  const [namespace = '', name = ''] = key.split('/');
  return `ses-lambda-pipeline ${verb} ${name} -n ${namespace}`;
}
