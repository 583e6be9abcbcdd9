import type { Header } from './mail-headers.ts';

const STATUSES = ['PASS', 'FAIL', 'GRAY', 'PROCESSING_FAILED'] as const;
const DMARC_POLICIES = ['none', 'quarantine', 'reject'] as const;

/** One verdict as the event carries it; `DISABLED` when the rule has no scan. */
type Verdict = { readonly status: (typeof STATUSES)[number] | 'DISABLED' };

export type Verdicts = {
  readonly spamVerdict: Verdict;
  readonly virusVerdict: Verdict;
  readonly spfVerdict: Verdict;
  readonly dkimVerdict: Verdict;
  readonly dmarcVerdict: Verdict;
  /** What the sender's domain asks for; only when DMARC failed. */
  readonly dmarcPolicy?: (typeof DMARC_POLICIES)[number];
};

// Taken apart, or scanners would find this file.
const GTUBE = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'].join('');
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');

/**
 * Verdicts of a sandbox. A mail asks for one by a header such as `X-Sandbox-Spam-Verdict: FAIL` (Spam, Virus, Spf, Dkim,
 * Dmarc; and `X-Sandbox-Dmarc-Policy`). Else the two test texts (GTUBE for spam, EICAR for a virus) fail, everything
 * else passes the scan, and nothing is known about the sender, because loopback has no DNS worth asking.
 * https://docs.aws.amazon.com/ses/latest/dg/receiving-email-concepts.html#receiving-email-auth-and-scan
 */
export function verdictsOf(raw: Uint8Array, headers: readonly Header[], scanEnabled: boolean): Verdicts {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const asked = <Value extends string>(what: string, known: readonly Value[]): Value | undefined => {
    const name = `x-sandbox-${what}`;
    const value = headers.find((header) => header.name.toLowerCase() === name)?.value.toLowerCase();
    return known.find((each) => each.toLowerCase() === value);
  };
  const scanned = (what: string, bad: string): Verdict => {
    if (!scanEnabled) return { status: 'DISABLED' };
    return { status: asked(`${what}-verdict`, STATUSES) ?? (bytes.includes(bad) ? 'FAIL' : 'PASS') };
  };
  const checked = (what: string): Verdict => ({ status: asked(`${what}-verdict`, STATUSES) ?? 'GRAY' });
  const dmarcVerdict = checked('dmarc');
  const dmarcPolicy = dmarcVerdict.status === 'FAIL' ? asked('dmarc-policy', DMARC_POLICIES) : undefined;
  return {
    spamVerdict: scanned('spam', GTUBE),
    virusVerdict: scanned('virus', EICAR),
    spfVerdict: checked('spf'),
    dkimVerdict: checked('dkim'),
    dmarcVerdict,
    ...(dmarcPolicy === undefined ? {} : { dmarcPolicy }),
  };
}
