import { z } from 'zod';
import { INSTALLATION } from '../core/names.ts';
import { isRegistryHost, OCI_REGISTRIES_ALLOWED } from '../core/registry-host.ts';
import { isLabelSelector } from './label-selector.ts';
import {
  decimal,
  dnsServers,
  duration,
  listenAddress,
  listOf,
  onOrOff,
  oneOf,
  textLike,
  wholeNumber,
} from './setting-types.ts';

const isDnsLabel = (text: string): boolean => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
const isDnsName = (text: string): boolean => text.length <= 253 && text.split('.').every(isDnsLabel);

const kubernetesOnly = { kubernetesOnly: true } as const;
const DNS_LABEL = 'a DNS label: at most 63 of a-z, 0-9 and hyphen';

/**
 * Every setting of the controller, by the name of its flag. Values are texts, as flags and variables give them; a
 * default is a text too, so that help, reference and parser can only say the same.
 */
export const settingsSchema = z.strictObject({
  manifests: textLike({ placeholder: 'path', allowed: 'the path of a folder' }, (text) => text.length > 0)
    .optional()
    .describe('Folder of manifests to take the pipelines from, instead of Kubernetes.'),
  namespaces: listOf(
    { placeholder: 'names', allowed: `names of namespaces separated by commas, each ${DNS_LABEL}`, ...kubernetesOnly },
    isDnsLabel,
  )
    .optional()
    .describe('Namespaces whose pipelines are taken care of. Not set: all of the cluster.'),
  'label-selector': textLike(
    { placeholder: 'selector', allowed: 'a label selector, such as shard=a or shard in (a, b)', ...kubernetesOnly },
    (text) => text.length <= 4096 && isLabelSelector(text),
  )
    .optional()
    .describe('Only pipelines with these labels: splits the work between several controllers (sharding).'),
  installation: textLike(
    { placeholder: 'name', allowed: '1 to 8 of a-z, 0-9 and hyphen, the hyphen neither first nor last' },
    (text) => INSTALLATION.test(text),
  )
    .prefault('slp')
    .describe('Tells apart installations that share an AWS account; part of every name on AWS. Never change it later.'),
  tenants: textLike({ placeholder: 'file', allowed: 'the path of a file' }, (text) => text.length > 0)
    .optional()
    .describe(
      'File that gives each namespace an AWS role and limits; a namespace that is not in it is refused. Read at the start. Not set: all namespaces work with the credentials of the controller, without limits.',
    ),
  'aws-endpoint-url': textLike(
    { placeholder: 'url', allowed: 'an http or https URL without user name and password' },
    isPlainUrl,
  )
    .optional()
    .describe('Where AWS is, such as http://127.0.0.1:4566 for the sandbox. Not set: AWS itself.'),
  'ses-calls-per-second': decimal(0.01, 1000)
    .prefault('1')
    .describe(
      'Pace of SES calls in an account and region. AWS allows 1 in total: shards that share a region share it.',
    ),
  'dns-servers': dnsServers()
    .optional()
    .describe(
      'Whom to ask where the mail of a domain is sent (MX records), for the condition MailRouted. Not set: DNS as the pod has it, and nobody with --aws-endpoint-url.',
    ),
  'oci-registries': listOf({ placeholder: 'names', allowed: OCI_REGISTRIES_ALLOWED }, isRegistryHost)
    .optional()
    .describe(
      'Hosts that function.code.ociRef may lead to: registries, and where they give out tokens and keep their blobs. Not set: none.',
    ),
  concurrency: wholeNumber(1, 64).prefault('4').describe('Pipelines reconciled at once.'),
  'drift-interval': duration('5s', '24h')
    .prefault('10m')
    .describe(
      'How often a settled pipeline is compared with AWS. Below 1m only to try things out: SES allows one call a second.',
    ),
  'drift-jitter-percent': wholeNumber(0, 50)
    .prefault('10')
    .describe('How far an interval is made longer or shorter at random, so that pipelines spread out.'),
  'min-retry-delay': duration('100ms', '1h')
    .prefault('1s')
    .describe('Longest wait before the first retry; doubled with each further one. The wait itself is random.'),
  'max-retry-delay': duration('1s', '24h').prefault('5m').describe('The wait between retries grows no further.'),
  'reconcile-timeout': duration('10s', '1h')
    .prefault('2m')
    .describe('After this long a run stops where it is, writes its status and is tried again.'),
  'leader-elect': onOrOff()
    .prefault('true')
    .meta(kubernetesOnly)
    .describe('Take turns with other replicas: only the one that holds the Lease writes. Off without Kubernetes.'),
  'lease-namespace': textLike(
    { placeholder: 'name', allowed: `the name of a namespace, ${DNS_LABEL}`, ...kubernetesOnly },
    isDnsLabel,
  )
    .optional()
    .describe('Namespace of the Lease. Not set: that of the pod.'),
  'lease-name': textLike(
    { placeholder: 'name', allowed: 'a DNS name: at most 253 of a-z, 0-9, hyphen and dot', ...kubernetesOnly },
    isDnsName,
  )
    .prefault('ses-lambda-pipeline')
    .describe('Name of the Lease. Shards need different ones.'),
  'lease-duration': duration('2s', '10m')
    .prefault('15s')
    .meta(kubernetesOnly)
    .describe('A standby takes over when the Lease was not renewed for so long. Above renew-deadline.'),
  'renew-deadline': duration('1s', '10m')
    .prefault('10s')
    .meta(kubernetesOnly)
    .describe('The leader gives up after trying to renew for so long. Above 1.2 times retry-period.'),
  'retry-period': duration('100ms', '5m')
    .prefault('2s')
    .meta(kubernetesOnly)
    .describe('How often the Lease is renewed, or tried for.'),
  // Prometheus scrapes the pod from outside, and the kubelet probes it by the pod's address: loopback would be reachable
  // for neither. What is served there tells no secrets; who may connect is for a NetworkPolicy to say.
  'metrics-address': listenAddress().prefault(':8080').describe('Where /metrics is served.'),
  'health-address': listenAddress().prefault(':8081').describe('Where /healthz and /readyz are served.'),
  'pipelines-page': onOrOff()
    .prefault('false')
    .describe(
      'Serve the statuses of all pipelines as JSON at /pipelines of the health address, to callers on this machine only (kubectl port-forward is one).',
    ),
  // LOG_LEVEL after the common prefix is the variable of the functions that the controller creates.
  'log-level': oneOf('debug', 'info', 'warn', 'error')
    .prefault('info')
    .meta({ variable: 'SES_LAMBDA_PIPELINE_CONTROLLER_LOG_LEVEL' })
    .describe('Lowest level that is logged. Recipients and environment values appear at debug only.'),
  'log-format': oneOf('json', 'text')
    .prefault('json')
    .meta({ variable: 'SES_LAMBDA_PIPELINE_CONTROLLER_LOG_FORMAT' })
    .describe('json for machines, text for people.'),
  'shutdown-grace': duration('0s', '10m')
    .prefault('25s')
    .describe(
      'What is under way at SIGTERM may take so long. At least 5s below the terminationGracePeriodSeconds of the pod.',
    ),
});

/** Every setting, checked, by the name of its flag. */
export type Settings = z.output<typeof settingsSchema>;

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && username === '' && password === '';
}
