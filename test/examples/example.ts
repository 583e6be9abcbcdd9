import { join } from 'node:path';
import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { runCommand, type Outcome } from '../support/command-line.ts';
import { readBuckets } from '../support/holdings.ts';
import { startWorld, type World } from '../support/world.ts';
import { EXAMPLES } from './example-names.ts';

/** An example that lives in a sandbox, and a mail program before it. */
export type LiveExample = Readonly<{
  world: World;
  /** Sends over SMTP and waits until everything that comes of it is done. */
  send: (mail: SendMailOptions) => Promise<void>;
  /** Id that SES gave to the latest mail. */
  lastId: () => string;
  /** Keys of all buckets, without what SES writes when a rule is made. */
  keys: () => Promise<readonly string[]>;
  head: (key: string) => Promise<HeadObjectCommandOutput>;
  read: (key: string) => Promise<Buffer>;
}>;

/** A verb of the command line, on a folder, before the sandbox of a world. */
export const onFolder = (world: World, verb: string, folder: string, ...flags: readonly string[]): Promise<Outcome> =>
  runCommand({
    args: [verb, '-f', folder, '--endpoint-url', world.sandbox.url, '--ses-calls-per-second', '1000', ...flags],
  });

/** Applies a folder of manifests, an example's own unless another is named, to a sandbox that ends with the test. */
export async function startExample(name: string, folder = join(EXAMPLES, name)): Promise<LiveExample> {
  const world = await startWorld();
  const { code, out, err } = await onFolder(world, 'apply', folder, '--yes');
  if (code !== 0) throw new Error(`apply ended with ${code}:\n${err}\n${out}`);
  const { foreign, sandbox } = world;

  const bucketOf = async (key: string): Promise<string> => {
    const holder = (await readBuckets(foreign)).find(({ keys }) => keys.includes(key));
    if (holder === undefined) throw new Error(`no bucket has ${key}`);
    return holder.name;
  };
  return {
    world,
    send: async (mail) => {
      const transport = createTransport({ host: '127.0.0.1', port: sandbox.smtpPort, ignoreTLS: true });
      try {
        await transport.sendMail(mail);
      } finally {
        transport.close();
      }
      await sandbox.idle();
    },
    lastId: () => {
      const mail = sandbox.ses.journal.mails().at(-1);
      if (mail === undefined) throw new Error('no mail has come');
      return mail.id;
    },
    keys: async () =>
      (await readBuckets(foreign)).flatMap(({ keys }) => keys.filter((key) => !key.endsWith('_SETUP_NOTIFICATION'))),
    head: async (key) => foreign.s3.send(new HeadObjectCommand({ Bucket: await bucketOf(key), Key: key })),
    read: async (key) => {
      const { Body } = await foreign.s3.send(new GetObjectCommand({ Bucket: await bucketOf(key), Key: key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
  };
}
