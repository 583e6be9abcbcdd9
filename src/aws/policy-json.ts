import { PipelineError } from '../core/fault.ts';
import type { PolicyDocument, Statement } from '../core/policy-document.ts';

/**
 * An IAM document as GetRole and GetRolePolicy return it: URL-encoded, and the SDK leaves it so.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
 */
export function fromIamDocument(encoded: string): PolicyDocument {
  return fromPolicyJson(encoded.startsWith('%') ? decodeURIComponent(encoded) : encoded);
}

/** A policy as S3 and Lambda return it: JSON, where one statement may stand without its list. */
export function fromPolicyJson(text: string): PolicyDocument {
  const { Statement: statements, ...rest } = parse(text);
  return { ...rest, Statement: Array.isArray(statements) ? statements : statements === undefined ? [] : [statements] };
}

export function toPolicyJson(document: PolicyDocument): string {
  return JSON.stringify(document);
}

type WireDocument = { readonly Version?: string; readonly Id?: string; readonly Statement?: Statement | Statement[] };

function parse(text: string): WireDocument {
  try {
    return JSON.parse(text) as WireDocument;
  } catch (cause) {
    throw new PipelineError(
      {
        class: 'bug',
        reason: 'InternalError',
        message: 'AWS returned a policy that is not JSON. If it happens again, please report it.',
      },
      { cause },
    );
  }
}
