const DISPOSITIONS = ['CONTINUE', 'STOP_RULE', 'STOP_RULE_SET'] as const;

/**
 * What SES does next with a message: goes on, leaves out the rest of this rule, or leaves out every further rule too.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda.html
 */
export type Disposition = (typeof DISPOSITIONS)[number];

/** @throws {Error} for anything else, which SES would take for CONTINUE without a word */
export function dispositionOf(answer: unknown, whose: string): Disposition {
  const disposition = DISPOSITIONS.find((known) => known === answer);
  if (disposition !== undefined) return disposition;
  const what = typeof answer === 'string' ? JSON.stringify(answer) : typeof answer;
  throw new TypeError(`${whose} answered ${what} to a RequestResponse invocation; answer ${DISPOSITIONS.join(', ')}.`);
}

/** The one that ends most. */
export function strongest(dispositions: readonly Disposition[]): Disposition {
  return DISPOSITIONS.findLast((disposition) => dispositions.includes(disposition)) ?? 'CONTINUE';
}
