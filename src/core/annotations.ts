import { z } from 'zod';
import { API_GROUP } from './api-group.ts';

/** "true": what stands under our exact names and bears nobody's mark becomes ours. */
export const ADOPT = `${API_GROUP}/adopt` as const;

/** "true": deleting the pipeline leaves everything on AWS, and AWS is not even asked. */
export const ABANDON = `${API_GROUP}/abandon` as const;

/** Any text; another one than last time asks for a look at once. */
export const RECONCILE_REQUESTED_AT = `${API_GROUP}/reconcile-requested-at` as const;

const yesOrNo = z.enum(['true', 'false']).optional();

/** Annotations are texts; those of our group have a meaning, and all others are somebody else's business. */
export const annotationsSchema = z
  .object({
    [ADOPT]: yesOrNo.describe(
      'Make a bucket, role or function ours that has one of our exact names and bears no mark of a pipeline.',
    ),
    [ABANDON]: yesOrNo.describe('Deleting the pipeline leaves everything on AWS, and AWS is not even asked.'),
    [RECONCILE_REQUESTED_AT]: z.string().optional().describe('The controller looks at once when this text changes.'),
  })
  .catchall(z.string());

type Annotations = z.output<typeof annotationsSchema>;
type Annotated = { readonly metadata: { readonly annotations?: Annotations | undefined } };

export const asksForAdoption = ({ metadata }: Annotated): boolean => metadata.annotations?.[ADOPT] === 'true';

export const isAbandoned = ({ metadata }: Annotated): boolean => metadata.annotations?.[ABANDON] === 'true';

/** Annotations under our group that do not exist: a misspelt one would do nothing without a word. */
export function unknownAnnotations(annotations: object): string[] {
  return Object.keys(annotations).filter(
    (key) => key.startsWith(`${API_GROUP}/`) && !Object.hasOwn(annotationsSchema.shape, key),
  );
}
