import { describe, expect, it } from 'vitest';
import { loadTenancy } from '../../src/files/load-tenancy.ts';
import { tenantOf } from '../../src/core/tenancy.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ENTRY = `tenants:
  - namespaces: [mail]
    roleArn: arn:aws:iam::123456789012:role/tenants/mail
`;

const folder = temporaryFolder();
const load = (text: string) => loadTenancy(folder.write('tenants.yaml', text));

async function problemsOf(text: string): Promise<readonly string[]> {
  const loaded = await load(text);
  return loaded.ok ? [] : loaded.problems;
}

describe('loadTenancy', () => {
  it('reads YAML', async () => {
    const loaded = await load(`# who works as whom\n${ENTRY}`);

    expect(loaded.ok && tenantOf(loaded.tenancy, 'mail')?.roleArn).toBe('arn:aws:iam::123456789012:role/tenants/mail');
  });

  it('says where each mistake is', async () => {
    const text = 'tenants:\n  - namespaces: [mail, mail]\n    roleArn: nobody\n    allow: { topics: [x], more: [] }\n';

    expect(await problemsOf(text)).toEqual([
      'tenants[0].roleArn: must be the ARN of a role, such as arn:aws:iam::111122223333:role/mail',
      'tenants[0].allow.topics[0]: must be the ARN of an SNS topic, such as arn:aws:sns:…',
      'tenants[0].allow.more: unknown field',
      'tenants[0].namespaces[1]: "mail" is in the list twice; keep one',
    ]);
  });

  it.each([
    ['', ['must be one document with content, not 0']],
    [`${ENTRY}---\n${ENTRY}`, ['must be one document with content, not 2']],
    ['tenants: [', [expect.stringMatching(/^is not valid YAML: line 1/)]],
    ['tenants: *none', [expect.stringMatching(/^is not valid YAML/)]],
    ['just text', ['must be of type object, not string']],
  ])('refuses %j', async (text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });

  it('says that there is no such file, or that it is a folder', async () => {
    folder.write('tenants.yaml', ENTRY);

    expect(await loadTenancy(folder.path('other.yaml'))).toEqual({ ok: false, problems: ['does not exist'] });
    expect(await loadTenancy(folder.path())).toEqual({ ok: false, problems: ['is a folder; name the file'] });
  });
});
