/** `invoices` of `app+Invoices@example.com`; empty without a label. */
export function labelOf(recipient) {
  const local = recipient.slice(0, recipient.lastIndexOf('@'));
  const plus = local.indexOf('+');
  return plus === -1 ? '' : local.slice(plus + 1).toLowerCase();
}
