/** One verdict as the event carries it. */
type Verdict = { readonly status: 'PASS' | 'FAIL' | 'GRAY' | 'PROCESSING_FAILED' | 'DISABLED' };

export type Verdicts = {
  readonly spamVerdict: Verdict;
  readonly virusVerdict: Verdict;
  readonly spfVerdict: Verdict;
  readonly dkimVerdict: Verdict;
  readonly dmarcVerdict: Verdict;
};

// Taken apart, or scanners would find this file.
const GTUBE = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'].join('');
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');

/**
 * Verdicts of a sandbox: the two test texts (GTUBE for spam, EICAR for a virus) fail, everything else passes the scan;
 * nothing is known about the sender, because loopback has no DNS worth asking.
 * https://docs.aws.amazon.com/ses/latest/dg/receiving-email-concepts.html#receiving-email-auth-and-scan
 */
export function verdictsOf(raw: Uint8Array, scanEnabled: boolean): Verdicts {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const scanned = (bad: string): Verdict => {
    if (!scanEnabled) return { status: 'DISABLED' };
    return { status: bytes.includes(bad) ? 'FAIL' : 'PASS' };
  };
  return {
    spamVerdict: scanned(GTUBE),
    virusVerdict: scanned(EICAR),
    spfVerdict: { status: 'GRAY' },
    dkimVerdict: { status: 'GRAY' },
    dmarcVerdict: { status: 'GRAY' },
  };
}
