import type { PolicyDocument } from './policy-document.ts';

/** The service account that the controller runs as. */
export type ServiceAccount = { readonly namespace: string; readonly name: string };

/** Lets one service account of a cluster take the role by its own token (IRSA). `oidcProvider` is without `https://`.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
 */
export function webIdentityTrust(
  {
    partition,
    account,
    oidcProvider,
  }: { readonly partition: string; readonly account: string; readonly oidcProvider: string },
  { namespace, name }: ServiceAccount,
): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: `arn:${partition}:iam::${account}:oidc-provider/${oidcProvider}` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            [`${oidcProvider}:aud`]: 'sts.amazonaws.com',
            [`${oidcProvider}:sub`]: `system:serviceaccount:${namespace}:${name}`,
          },
        },
      },
    ],
  };
}

/**
 * Lets EKS Pod Identity give the role to one service account, whatever else is associated with it.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
 */
export function podIdentityTrust({ namespace, name }: ServiceAccount): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Condition: {
          StringEquals: {
            'aws:RequestTag/kubernetes-namespace': namespace,
            'aws:RequestTag/kubernetes-service-account': name,
          },
        },
      },
    ],
  };
}
