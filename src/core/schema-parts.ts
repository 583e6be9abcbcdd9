import { z } from 'zod';

/** What `x-kubernetes-list-type: set` refuses on the API server, said for the item that is too many. */
export const refuseRepeated = (items: readonly string[], context: z.RefinementCtx): void => {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (seen.has(item))
      context.addIssue({
        code: 'custom',
        path: [index],
        message: `${JSON.stringify(item)} is in the list twice; keep one`,
      });
    seen.add(item);
  }
};

/** Source of a regular expression: what every ARN begins with. */
export const ARN = '^arn:aws[a-z-]*:';

/** The ARN of something of a service; a pattern of such ARNs passes too. */
export const arn = (service: string, what: string) =>
  z
    .string()
    .max(2048)
    .regex(new RegExp(`${ARN}${service}:`), `must be the ARN of ${what}, such as arn:aws:${service}:…`);

/** `maxProperties` of the API server, which zod does not know for maps. */
export const atMost = (most: number) => ({
  most,
  check: (map: object): boolean => Object.keys(map).length <= most,
  message: `the number of entries must be at most ${most}`,
});
