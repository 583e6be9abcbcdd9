import { AwsError } from './aws-error.ts';

/** An error as SES words it: always 400, always the sender's fault; the code alone tells them apart. */
export const sesError = (code: string, message: string, members?: Readonly<Record<string, string>>): AwsError =>
  new AwsError(400, code, message, members);

export const invalidParameter = (message: string): AwsError => sesError('InvalidParameterValue', message);

export const limitExceeded = (message: string): AwsError => sesError('LimitExceeded', message);

export const alreadyExists = (what: string, name: string): AwsError =>
  sesError('AlreadyExists', `${what} already exists: ${name}`, { Name: name });

export const ruleSetDoesNotExist = (name: string): AwsError =>
  sesError('RuleSetDoesNotExist', `Rule set does not exist: ${name}`, { Name: name });

export const ruleDoesNotExist = (name: string): AwsError =>
  sesError('RuleDoesNotExist', `Rule does not exist: ${name}`, { Name: name });
