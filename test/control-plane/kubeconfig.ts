import { writeFile } from 'node:fs/promises';
import type { Credential } from './client-certificates.ts';

/** How a user proves who he is. */
export type SignIn =
  | { readonly kind: 'token'; readonly token: string }
  | ({ readonly kind: 'certificate' } & Credential);

/** Writes a kubeconfig with one cluster, one user and one context; only we may read it. JSON is YAML. */
export async function writeKubeconfig(file: string, url: string, caFile: string, signIn: SignIn): Promise<void> {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: 'test', user: userOf(signIn) }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
  await writeFile(file, JSON.stringify(kubeconfig, null, 2), { mode: 0o600 });
}

function userOf(signIn: SignIn): Record<string, string> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  switch (signIn.kind) {
    case 'token':
      return { token: signIn.token };
    case 'certificate':
      return {
        'client-certificate-data': base64(signIn.certificate),
        'client-key-data': base64(signIn.key),
      };
  }
}
