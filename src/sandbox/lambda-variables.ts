import type { FunctionVersion } from './lambda-types.ts';
import type { IamDoor, SandboxContext } from './service.ts';

export type VariablesDeps = {
  readonly context: SandboxContext;
  readonly iam: IamDoor;
  /** Where the handler's own AWS clients go. */
  readonly endpointUrl: () => string;
};

/**
 * What Lambda puts into a function's environment, and the function's own variables. Nothing of this machine's own
 * environment is in it.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export function environmentVariables(
  { context, iam, endpointUrl }: VariablesDeps,
  { settings, name, arn, version }: FunctionVersion,
): Record<string, string> {
  const region = arn.split(':')[3] ?? '';
  const session = iam.issueSession(settings.Role, name);
  const { LogFormat, LogGroup, ApplicationLogLevel } = settings.LoggingConfig;
  const runtime = settings.Runtime ?? '';
  const day = new Date(context.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
  return {
    AWS_ENDPOINT_URL: endpointUrl(), // the one variable a function may set otherwise
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ...settings.Environment?.Variables,
    _HANDLER: settings.Handler ?? '',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    // An OS-only runtime brings no language to name.
    ...(runtime.startsWith('provided') ? {} : { AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}` }),
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.MemorySize),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: String(LogGroup),
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[${version}]${context.ids.hex(32)}`,
    AWS_LAMBDA_LOG_FORMAT: typeof LogFormat === 'string' ? LogFormat : 'Text',
    ...(typeof ApplicationLogLevel === 'string' ? { AWS_LAMBDA_LOG_LEVEL: ApplicationLogLevel } : {}),
    AWS_ACCESS_KEY_ID: session.accessKeyId,
    AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
    AWS_SESSION_TOKEN: session.sessionToken,
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000', // nobody listens there, and nothing leaves this machine
    LAMBDA_RUNTIME_DIR: '/var/runtime',
  };
}
