import { faultOf, type Fault } from '../core/fault.ts';

/** What a read came to. That it failed is a fact like any other to whoever looks for a cause. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

/** Never rejects. */
export async function answerOf<T>(read: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await read() };
  } catch (error) {
    return { ok: false, fault: faultOf(error) };
  }
}
