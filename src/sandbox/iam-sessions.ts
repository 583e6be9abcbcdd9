import type { Principal, SandboxContext } from './service.ts';

type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
};

/** Temporary credentials, and who is behind an access key. */
export type Sessions = {
  readonly issue: (session: {
    readonly roleArn: string;
    readonly sessionName: string;
    readonly expiresAtMs: number;
    readonly tags?: Readonly<Record<string, string>>;
  }) => Credentials;
  /** Any static key is the account itself. Undefined for a session that ended, or whose token is wrong. */
  readonly principalOf: (accessKeyId: string, sessionToken: string | undefined) => Principal | undefined;
};

/** No sessions yet. */
export function createSessions(context: SandboxContext): Sessions {
  const sessions = new Map<string, { principal: Principal; sessionToken: string; expiresAtMs: number }>();

  const forgetExpired = (): void => {
    const now = context.clock.now();
    for (const [key, { expiresAtMs }] of sessions) if (expiresAtMs <= now) sessions.delete(key);
  };

  return {
    issue: ({ roleArn, sessionName, expiresAtMs, tags = {} }) => {
      forgetExpired();
      const accessKeyId = `ASIA${context.ids.hex(16).toUpperCase()}`;
      const sessionToken = context.ids.hex(64);
      const principal: Principal = {
        kind: 'role',
        account: context.account,
        roleArn,
        sessionName,
        ...(Object.keys(tags).length > 0 && { sessionTags: tags }),
      };
      sessions.set(accessKeyId, { principal, sessionToken, expiresAtMs });
      return { accessKeyId, secretAccessKey: context.ids.hex(40), sessionToken };
    },
    principalOf: (accessKeyId, sessionToken) => {
      if (!accessKeyId.startsWith('ASIA')) return { kind: 'root', account: context.account };
      forgetExpired();
      const session = sessions.get(accessKeyId);
      return session?.sessionToken === sessionToken ? session?.principal : undefined;
    },
  };
}
