import { faultOf } from '../../src/core/fault.ts';

/** The message with which something is refused as invalid. Throws when it is not refused, or for another reason. */
export async function refusal(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    const fault = faultOf(error);
    if (fault.class === 'invalid' && fault.reason === 'InvalidSpec') return fault.message;
    throw error;
  }
  throw new Error('It was not refused.');
}
