import { describe, expect, it } from 'vitest';
import { fromIamDocument, fromPolicyJson, toPolicyJson } from '../../src/aws/policy-json.ts';
import { LAMBDA_TRUST } from '../../src/core/policy-document.ts';

describe('policy JSON', () => {
  it('reads the URL-encoded documents of IAM', () => {
    const document = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:Get*', Resource: 'arn:aws:s3:::a/100%+é' }],
    };

    expect(fromIamDocument(encodeURIComponent(JSON.stringify(document)))).toEqual(document);
  });

  it('reads a document that something other than AWS left unencoded, percent signs included', () => {
    const document = { Statement: [{ Effect: 'Allow', Resource: '50%25' }] };

    expect(fromIamDocument(JSON.stringify(document))).toEqual(document);
  });

  it('makes a list of a single statement and of none', () => {
    expect(fromPolicyJson('{"Statement":{"Effect":"Deny"}}')).toEqual({ Statement: [{ Effect: 'Deny' }] });
    expect(fromPolicyJson('{"Version":"2012-10-17"}')).toEqual({ Version: '2012-10-17', Statement: [] });
  });

  it('returns what it was given after a round trip', () => {
    expect(fromPolicyJson(toPolicyJson(LAMBDA_TRUST))).toEqual(LAMBDA_TRUST);
  });

  it('calls what is not JSON a bug', () => {
    expect(() => fromPolicyJson('<html>')).toThrow(
      expect.objectContaining({ fault: expect.objectContaining({ class: 'bug' }) }),
    );
  });
});
