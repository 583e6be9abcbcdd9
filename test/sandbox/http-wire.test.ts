import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAwsChunked } from '../../src/sandbox/wire/aws-chunked.ts';
import {
  listParam,
  parseQuery,
  QueryFormatError,
  queryError,
  querySuccess,
  stringParam,
} from '../../src/sandbox/wire/query-protocol.ts';
import { matchPath } from '../../src/sandbox/wire/rest-json.ts';
import { elements, parseXml, textAt, toXml } from '../../src/sandbox/wire/xml.ts';

describe('AWS query', () => {
  it('makes a tree of dotted names', () => {
    const params = parseQuery(
      'Action=CreateReceiptRule&Rule.Name=a&Rule.Actions.member.2.StopAction.Scope=RuleSet&Rule.Actions.member.1.S3Action.BucketName=b+c%2B',
    );

    expect(JSON.parse(JSON.stringify(params))).toEqual({
      Action: 'CreateReceiptRule',
      Rule: { Name: 'a', Actions: [{ S3Action: { BucketName: 'b c+' } }, { StopAction: { Scope: 'RuleSet' } }] },
    });
  });

  it('sorts a list by number, not by text', () => {
    const form = Array.from({ length: 12 }, (_, index) => `L.member.${index + 1}=${index + 1}`)
      .reverse()
      .join('&');

    expect(listParam(parseQuery(form), 'L')).toEqual(Array.from({ length: 12 }, (_, index) => String(index + 1)));
  });

  it('tells an empty list from an absent one', () => {
    const params = parseQuery('Rule.Recipients=&Rule.Name=a');

    expect(listParam(params, 'Rule', 'Recipients')).toEqual([]);
    expect(listParam(params, 'Rule', 'Actions')).toBeUndefined();
    expect(stringParam(params, 'Rule', 'Recipients')).toBe('');
  });

  it.each(['L.member.2=b', 'A=1&A.B=2', 'A.B=2&A=1', 'a.'.repeat(30)])('refuses %s', (form) => {
    expect(() => parseQuery(form)).toThrow(QueryFormatError);
  });

  it('keeps names of the prototype apart', () => {
    const params = parseQuery('__proto__.polluted=1&constructor=2');

    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(stringParam(params, 'constructor')).toBe('2');
    expect(stringParam(params, 'toString')).toBeUndefined();
  });

  it('wraps a result and an error as clients expect them', () => {
    const success = querySuccess(
      'GetRole',
      'urn:x',
      { Names: ['a', 'b'], Gone: undefined },
      { requestId: 'r1', resultElement: true },
    );
    const failure = queryError(
      'urn:x',
      { status: 400, code: 'RuleDoesNotExist', message: 'No <rule>', members: { Name: 'a' } },
      'r1',
    );

    expect(success.body).toBe(
      '<GetRoleResponse xmlns="urn:x"><GetRoleResult><Names><member>a</member><member>b</member></Names></GetRoleResult>' +
        '<ResponseMetadata><RequestId>r1</RequestId></ResponseMetadata></GetRoleResponse>',
    );
    expect(failure.body).toContain(
      '<ErrorResponse xmlns="urn:x"><Error><Type>Sender</Type><Code>RuleDoesNotExist</Code><Message>No &lt;rule&gt;</Message><Name>a</Name></Error>' +
        '<RequestId>r1</RequestId></ErrorResponse>',
    );
  });
});

describe('XML', () => {
  it('gives back any text it was written from', () => {
    const text = fc
      .string({
        unit: fc.constantFrom('a', '<', '>', '&', '"', "'", '#', ';', 'é', '😀', '\r', '\n', ' ', ']'),
        minLength: 1,
      })
      .filter((value) => value.trim() !== '');
    fc.assert(
      fc.property(text, (value) => {
        expect(textAt(parseXml(toXml('Root', { Value: value }, 'flattened'), 'Root'), 'Value')).toBe(value);
      }),
    );
  });

  it('repeats an element for each item, and reads one item like many', () => {
    const many = toXml('Root', { Item: ['a', 'b'] }, 'flattened');
    const one = toXml('Root', { Item: ['a'] }, 'flattened');

    expect(many).toBe('<Root><Item>a</Item><Item>b</Item></Root>');
    expect(elements(parseXml(many, 'Root'), 'Item')).toEqual(['a', 'b']);
    expect(elements(parseXml(one, 'Root'), 'Item')).toEqual(['a']);
    expect(elements(parseXml('<Root/>', 'Root'), 'Item')).toEqual([]);
  });

  it('takes indentation for nothing, and spaces in a value for a part of it', () => {
    const parsed = parseXml('<Root>\n  <Key> a </Key>\n  <Empty></Empty>\n</Root>', 'Root');

    expect(parsed).toEqual({ Key: ' a ', Empty: '' });
  });

  it('replaces what XML cannot express', () => {
    expect(toXml('K', 'a\u0000b\r', 'flattened')).toBe('<K>a\u{FFFD}b&#xD;</K>');
  });

  it('says undefined for another root and for what is not XML', () => {
    expect(parseXml('<Other/>', 'Root')).toBeUndefined();
    expect(parseXml('<Root>', 'Root')).toBeUndefined();
    expect(parseXml('nonsense', 'Root')).toBeUndefined();
    expect(parseXml('<!DOCTYPE a [<!ENTITY b "c">]><Root>&b;</Root>', 'Root')).toBeUndefined();
    expect(parseXml('<Root><__proto__>a</__proto__></Root>', 'Root')).toBeUndefined();
  });
});

describe('aws-chunked', () => {
  it('puts any chunks together and reads the trailers behind them', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })), (chunks) => {
        const framed = chunks.map((chunk) =>
          Buffer.concat([
            Buffer.from(`${chunk.length.toString(16)};chunk-signature=0\r\n`),
            chunk,
            Buffer.from('\r\n'),
          ]),
        );
        const raw = Buffer.concat([...framed, Buffer.from('0\r\nX-Amz-Checksum-Crc32: AAA=\r\n\r\n')]);

        const decoded = decodeAwsChunked(raw);

        expect(decoded?.body.equals(Buffer.concat(chunks))).toBe(true);
        expect(decoded?.trailers).toEqual({ 'x-amz-checksum-crc32': 'AAA=' });
      }),
    );
  });

  it.each(['', 'zz\r\n', '5\r\nab', '3\r\nabc\r\n'])('says undefined for broken framing %j', (raw) => {
    expect(decodeAwsChunked(Buffer.from(raw))).toBeUndefined();
  });
});

describe('matchPath', () => {
  it.each([
    {
      template: '/2015-03-31/functions/{name}',
      path: '/2015-03-31/functions/arn%3Aaws%3Ax',
      labels: { name: 'arn:aws:x' },
    },
    { template: '/functions/', path: '/functions', labels: {} },
    { template: '/functions/{name}/policy', path: '/functions/a/policy', labels: { name: 'a' } },
    { template: '/functions/{name}/policy', path: '/functions/a', labels: undefined },
    { template: '/functions/{name}', path: '/functions/%zz', labels: undefined },
    { template: '/functions/{name}', path: '/functions/', labels: undefined },
  ])('$template on $path', ({ template, path, labels }) => {
    expect(matchPath(template, path)).toEqual(labels);
  });
});
