import { lookAhead, type Outlook } from '../core/converge.ts';
import { askAboutMail, routedRecipients, type RoutingFacts } from '../core/routing-facts.ts';
import { routingWarnings } from '../core/routing-warnings.ts';
import type { RegionWork } from './work.ts';

/** What SES and DNS say of the recipients of everything that is to be there. */
export const askForRouting = ({ work, ports }: RegionWork): Promise<RoutingFacts> =>
  askAboutMail(
    work.apply.flatMap(({ manifest }) => (manifest.spec.suspend ? [] : routedRecipients(manifest.spec))),
    ports,
  );

/** Looks and plans. */
export const lookAt = ({ work, ports, tracing }: RegionWork): Promise<Outlook> => lookAhead(work, ports, tracing);

/** Looks and plans, and warns of what would keep mail from arriving once the plan has been run. */
export async function lookAtRoutes(region: RegionWork): Promise<Outlook> {
  const [outlook, facts] = await Promise.all([lookAt(region), askForRouting(region)]);
  return { ...outlook, warnings: [...outlook.warnings, ...routingWarnings(outlook, facts)] };
}
