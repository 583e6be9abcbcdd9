import { run, type Ended } from '../control-plane/run.ts';

export const BIN = new URL('../../bin/ses-lambda-pipeline.js', import.meta.url).pathname;

/** Runs the command as a user would, in a process of its own. AWS settings of the person at the keyboard stay out. */
export const runBin = (args: readonly string[]): Promise<Ended> =>
  run(process.execPath, [BIN, ...args], { env: peaceful(process.env) });

/** An environment that leads neither to somebody's AWS account nor to somebody's cluster or collector. */
export const peaceful = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(AWS_|SES_LAMBDA_PIPELINE_|KUBE|KUBERNETES_|OTEL_)/.test(name)),
  );
