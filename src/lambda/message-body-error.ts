/** Why a message's body cannot be had: it is nowhere, or larger than was allowed. */
export class MessageBodyError extends Error {
  override readonly name = 'MessageBodyError';
  readonly kind: 'missing' | 'tooLarge';

  constructor(kind: MessageBodyError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
