import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { beforeAll, describe, expect, test } from 'vitest';
import { controllerPolicy } from '../../src/core/controller-policy.ts';
import { podIdentityTrust, webIdentityTrust } from '../../src/core/controller-trust.ts';
import { functionBoundary } from '../../src/core/function-boundary.ts';
import type { PolicyScope } from '../../src/core/policy-scope.ts';
import { run } from '../control-plane/run.ts';
import { pythonProgram, setup } from '../fidelity/local-python.ts';
import { judge } from './judge.ts';

const pathOf = (file: string): string => new URL(`../../deploy/aws/${file}`, import.meta.url).pathname;

const SERVICE_ACCOUNT = { namespace: 'ses-lambda-pipeline', name: 'ses-lambda-pipeline' };
const SCOPE: PolicyScope = {
  partition: 'aws-us-gov',
  account: '444455556666',
  regions: ['us-gov-west-1'],
  installation: 'two',
  permissionsBoundaryArn: 'arn:aws-us-gov:iam::444455556666:policy/ses-lambda-pipeline-two-functions',
};
const OIDC = 'oidc.example.com/id/1';
const TRUST = {
  'EKS Pod Identity': { oidcProvider: '', trust: podIdentityTrust(SERVICE_ACCOUNT) },
  IRSA: { oidcProvider: OIDC, trust: webIdentityTrust({ ...SCOPE, oidcProvider: OIDC }, SERVICE_ACCOUNT) },
};

describe.for(Object.entries(TRUST))('with %s', ([, { oidcProvider, trust }]) => {
  test('Terraform makes the policies that the command line prints', async () => {
    const variables = {
      var: { region: SCOPE.regions[0], installation: SCOPE.installation, oidc_provider: oidcProvider },
      local: { account: SCOPE.account, partition: SCOPE.partition },
      aws_iam_policy: { controller: { arn: 'the policy' } },
      aws_iam_role: { controller: { name: 'the role' } },
    };
    const resources = await judge<Resources>('terraform', variables, pathOf('terraform/main.tf'));
    const documents = Object.fromEntries(
      Object.entries(resources).flatMap(([resource, attributes]) =>
        [attributes['policy'], attributes['assume_role_policy']].flatMap((text) =>
          text === undefined ? [] : [[resource, JSON.parse(text) as unknown]],
        ),
      ),
    );

    expect(documents).toEqual({
      'aws_iam_policy.functions': functionBoundary(SCOPE),
      'aws_iam_policy.controller': controllerPolicy(SCOPE),
      'aws_iam_role.controller': trust,
    });
    expect(resources['aws_iam_policy.functions']?.['name']).toBe(SCOPE.permissionsBoundaryArn?.split('/')[1]);
  });

  test('CloudFormation makes the policies that the command line prints', () => {
    const { Resources } = load(readFileSync(pathOf('cloudformation/controller.yaml'), 'utf8')) as Template;
    const made = (name: string) => filledIn(Resources[name]?.Properties, oidcProvider) as Properties;
    const role = made('ControllerRole').AssumeRolePolicyDocument;

    expect(made('FunctionsBoundary').PolicyDocument).toEqual(functionBoundary(SCOPE));
    expect(made('ControllerPolicy').PolicyDocument).toEqual(controllerPolicy(SCOPE));
    expect(typeof role === 'string' ? JSON.parse(role) : role).toEqual(trust);
    expect(made('FunctionsBoundary').ManagedPolicyName).toBe(SCOPE.permissionsBoundaryArn?.split('/')[1]);
  });
});

describe('cfn-lint', () => {
  beforeAll(setup, 600_000);

  test('has nothing to say of the template', async () => {
    const template = pathOf('cloudformation/controller.yaml');
    expect(await run(pythonProgram('cfn-lint'), ['--include-checks', 'I', '--', template])).toMatchObject({
      code: 0,
      out: '',
    });
  });
});

type Resources = Readonly<Record<string, Readonly<Record<string, string>>>>;
type Properties = Readonly<Record<string, unknown>>;
type Template = { readonly Resources: Readonly<Record<string, { readonly Properties: Properties }>> };

/** What CloudFormation makes of the functions that the template uses. */
function filledIn(value: unknown, oidcProvider: string): unknown {
  if (Array.isArray(value)) return value.map((each) => filledIn(each, oidcProvider));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (name === 'Fn::Sub')
    return String(argument).replaceAll(/\$\{([^}]+)\}/g, (_, variable: string) => valueOf(variable, oidcProvider));
  if (name === 'Fn::If') {
    const [, then, otherwise] = argument as readonly unknown[];
    return filledIn(oidcProvider === '' ? then : otherwise, oidcProvider);
  }
  return Object.fromEntries(entries.map(([key, each]) => [key, filledIn(each, oidcProvider)]));
}

function valueOf(variable: string, oidcProvider: string): string {
  const values: Readonly<Record<string, string | undefined>> = {
    'AWS::Partition': SCOPE.partition,
    'AWS::AccountId': SCOPE.account,
    'AWS::Region': SCOPE.regions[0],
    Installation: SCOPE.installation,
    OidcProvider: oidcProvider,
  };
  const value = values[variable];
  if (value === undefined) throw new Error(`the template has no ${variable}`);
  return value;
}
