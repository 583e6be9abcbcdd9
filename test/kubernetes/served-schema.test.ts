import { describe, expect, test } from 'vitest';
import { resourceSchema } from '../../src/core/crd.ts';
import { fieldsNotServed } from '../../src/kubernetes/served-schema.ts';

type Schema = { properties: Record<string, Schema> };

/** As the API server publishes a CRD. */
function published(change: (schema: Schema) => void = () => {}): unknown {
  const schema = structuredClone(resourceSchema()) as Schema;
  change(schema);
  return {
    components: { schemas: { 'io.k8s.Meta': {}, 'dev.ses-lambda-pipeline.v1alpha1.SesLambdaPipeline': schema } },
  };
}

const older = published(({ properties }) => {
  delete properties['spec']?.properties['interval'];
  delete properties['status']?.properties['bucket']?.properties['arn'];
});

/** Answers one after the other, the last again and again. */
function asking(...answers: readonly unknown[]) {
  const waits: number[] = [];
  const asked: string[] = [];
  const api = {
    openApi: async (groupVersion: string) => {
      asked.push(groupVersion);
      return answers[Math.min(asked.length, answers.length) - 1];
    },
  };
  const clock = { sleep: async (ms: number) => void waits.push(ms) };
  return { waits, asked, gaps: fieldsNotServed(api, clock, new AbortController().signal) };
}

describe('the schema that the API server serves', () => {
  test('lacks nothing when it is ours', async () => {
    const { gaps, asked, waits } = asking(published());

    expect(await gaps).toEqual([]);
    expect(asked).toEqual(['ses-lambda-pipeline.dev/v1alpha1']);
    expect(waits).toEqual([]);
  });

  test('lacks fields of spec and status when it is older', async () => {
    expect(await asking(older).gaps).toEqual(['spec.interval', 'status.bucket.arn']);
  });

  test('is looked at again, since a new CRD is published a moment later', async () => {
    const { gaps, asked } = asking(older, older, published());

    expect(await gaps).toEqual([]);
    expect(asked).toHaveLength(3);
  });

  test('lacks nothing before there is a CRD', async () => {
    expect(await asking(undefined).gaps).toEqual([]);
  });
});
