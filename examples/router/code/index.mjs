import { sesHandler } from 'ses-lambda-pipeline/lambda';
import { labelOf } from './label.mjs';
import { fileInvoice } from './file-invoice.mjs';
import { unsubscribe } from './unsubscribe.mjs';

const ROUTES = { invoices: fileInvoice, unsubscribe };

/** Runs the handler of each label that the mail was sent to, each one once. */
export const handler = sesHandler({
  onMessage: async (message, context) => {
    for (const label of new Set(message.receipt.recipients.map(labelOf))) {
      const log = context.log.child({ label });
      const route = Object.hasOwn(ROUTES, label) ? ROUTES[label] : undefined;
      if (route === undefined) log.warn('no handler has this label');
      else await route(message, { ...context, log });
    }
  },
});
