import { endpointOf } from './aws/clients.ts';
import { awsPorts, type AwsPorts, type AwsPortsOptions } from './aws/ports.ts';

/** The sandbox takes any key; a newcomer without an AWS account should not have to make one up. */
const SANDBOX_CREDENTIALS = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' };

/** The ports of a region, on AWS or on what answers at the endpoint; an endpoint on this machine needs no credentials. */
export function connectAws(options: AwsPortsOptions): AwsPorts {
  const endpointUrl = endpointOf(options);
  const has = options.credentials !== undefined || hasCredentials(options.profile);
  const needsNone = endpointUrl !== undefined && isLoopback(endpointUrl) && !has;
  return awsPorts({
    ...options,
    ...(endpointUrl === undefined ? {} : { endpointUrl }),
    ...(needsNone ? { credentials: SANDBOX_CREDENTIALS } : {}),
  });
}

const hasCredentials = (profile: string | undefined): boolean =>
  profile !== undefined || process.env['AWS_PROFILE'] !== undefined || process.env['AWS_ACCESS_KEY_ID'] !== undefined;

function isLoopback(endpoint: string): boolean {
  return URL.canParse(endpoint) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(endpoint).hostname);
}
