import { AwsError } from './aws-error.ts';

/** Errors with the names of the Lambda API. https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html */
export const invalidValue = (message: string): AwsError => new AwsError(400, 'InvalidParameterValueException', message);

export const notFound = (message: string): AwsError => new AwsError(404, 'ResourceNotFoundException', message);

export const functionNotFound = (arn: string): AwsError => notFound(`Function not found: ${arn}`);

export const conflict = (message: string): AwsError => new AwsError(409, 'ResourceConflictException', message);

export const preconditionFailed = (): AwsError =>
  new AwsError(
    412,
    'PreconditionFailedException',
    'The Revision Id provided does not match the latest Revision Id. ' +
      'Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
  );

export const throttled = (): AwsError =>
  new AwsError(429, 'TooManyRequestsException', 'Rate Exceeded.', {
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
  });
