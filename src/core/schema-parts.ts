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

/** Says to zod and to the API server alike that one of these fields, and no other of them, must be set. */
export const exactlyOneOf = <Field extends string>(...fields: readonly Field[]) => ({
  check: (value: { readonly [field in Field]?: unknown }): boolean =>
    fields.filter((field) => value[field] !== undefined).length === 1,
  rule: `[${fields.map((field) => `has(self.${field})`).join(', ')}].filter(x, x).size() == 1`,
  message: `exactly one of ${fields.length === 2 ? fields.join(' and ') : fields.join(', ')} must be set`,
});

/** `maxProperties` of the API server, which zod does not know for maps. */
export const atMost = (most: number) => ({
  most,
  check: (map: object): boolean => Object.keys(map).length <= most,
  message: `the number of entries must be at most ${most}`,
});

/** An SNS topic. FIFO topics are refused: SES does not deliver to them. */
export const topicArn = z
  .string()
  .max(400)
  .regex(
    new RegExp(`${ARN}sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$`),
    'must be the ARN of a standard SNS topic, such as arn:aws:sns:us-west-2:123456789012:mail',
  );

/** Source of a regular expression: two labels at least. */
export const DOMAIN = '[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+';
/** Source of a regular expression: what stands before the @ of an address. */
export const LOCAL_PART = "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}";

/** Folder for bodies in a bucket. */
export const objectKeyPrefix = z
  .string()
  .max(512)
  .regex(
    /^([A-Za-z0-9!_.*'()-]+(\/[A-Za-z0-9!_.*'()-]+)*\/?)?$/,
    'must be made of names separated by single slashes, without a leading slash',
  )
  .describe('Folder for the bodies. One trailing slash is added; the key of a body is prefix + message id.');

/**
 * The name of an object of the same namespace.
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
 */
export const objectName = (kind: 'ConfigMap' | 'Secret', use: string) =>
  z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, `must be the name of a ${kind}: a-z, 0-9, dots and dashes`)
    .describe(`A ${kind} of the same namespace${use}.`);
