import { invalidValue } from './lambda-error.ts';
import { objectOf, textOf, type Input } from './lambda-settings.ts';
import type { FunctionSettings } from './lambda-types.ts';
import type { IamDoor } from './service.ts';

type Right = { readonly action: string; readonly resource: string };

/**
 * Lambda tries out with the function's role whether the settings can work before it takes them.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
 */
export function refuseSettingsWithoutRights(settings: FunctionSettings, functionArn: string, iam: IamDoor): void {
  const [, partition = '', , region = '', account = ''] = functionArn.split(':');
  const subnets = settings.VpcConfig?.['SubnetIds'];
  const deadLetters = textOf(settings.DeadLetterConfig ?? {}, 'TargetArn') ?? '';
  const needed: readonly Right[] = [
    ...(Array.isArray(subnets) && subnets.length > 0
      ? [
          {
            action: 'ec2:CreateNetworkInterface',
            resource: `arn:${partition}:ec2:${region}:${account}:network-interface/*`,
          },
          { action: 'ec2:DescribeNetworkInterfaces', resource: '*' },
        ]
      : []),
    ...(deadLetters === '' ? [] : [sending(deadLetters)]),
    ...(settings.TracingConfig['Mode'] === 'Active' ? [{ action: 'xray:PutTraceSegments', resource: '*' }] : []),
  ];
  for (const { action, resource } of needed) {
    if (iam.allows(settings.Role, action, resource)) continue;
    const [service = '', operation] = action.split(':');
    throw invalidValue(
      `The provided execution role does not have permissions to call ${operation} on ${service.toUpperCase()}`,
    );
  }
}

/** The same for the destinations of queued events. */
export function refuseDestinationsWithoutRights(config: Input, role: string, iam: IamDoor): void {
  for (const outcome of ['OnSuccess', 'OnFailure']) {
    const arn = textOf(objectOf(config, outcome) ?? {}, 'Destination') ?? '';
    if (arn === '') continue;
    const { action, resource } = sending(arn);
    if (!iam.allows(role, action, resource))
      throw invalidValue(
        `The function's execution role does not have permissions to call ${action.split(':')[1]} on ${arn}`,
      );
  }
}

function sending(arn: string): Right {
  switch (arn.split(':')[2] ?? '') {
    case 'sns':
      return { action: 'sns:Publish', resource: arn };
    case 'lambda':
      return { action: 'lambda:InvokeFunction', resource: arn };
    case 'events':
      return { action: 'events:PutEvents', resource: arn };
    case 's3':
      return { action: 's3:PutObject', resource: `${arn}/*` };
    default:
      return { action: 'sqs:SendMessage', resource: arn };
  }
}
