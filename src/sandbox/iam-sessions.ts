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
  /**
   * A static key is an account itself: the one it names when it is twelve digits, else the sandbox's own. Undefined for a
   * session that ended, or whose token is wrong.
   */
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
        account: roleArn.split(':')[4] ?? '',
        roleArn,
        sessionName,
        ...(Object.keys(tags).length > 0 && { sessionTags: tags }),
      };
      sessions.set(accessKeyId, { principal, sessionToken, expiresAtMs });
      return { accessKeyId, secretAccessKey: context.ids.hex(40), sessionToken };
    },
    principalOf: (accessKeyId, sessionToken) => {
      if (/^\d{12}$/.test(accessKeyId)) return { kind: 'root', account: accessKeyId };
      if (!accessKeyId.startsWith('ASIA')) return { kind: 'root', account: context.account };
      forgetExpired();
      const session = sessions.get(accessKeyId);
      return session?.sessionToken === sessionToken ? session?.principal : undefined;
    },
  };
}
