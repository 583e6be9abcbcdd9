import { describe, expect, test } from 'vitest';
import { parseDockerfile } from '../../tools/image/dockerfile.ts';

describe('a Dockerfile', () => {
  test('is read stage by stage', () => {
    const stages = parseDockerfile(`
# a comment
FROM --platform=$BUILDPLATFORM node:24 AS build
COPY a b ./
RUN npm ci \\
    --ignore-scripts

FROM scratch
COPY --from=build /source/dist ./dist
LABEL one="1" \\
      two=2
`);

    expect(stages).toEqual([
      {
        base: 'node:24',
        name: 'build',
        instructions: [
          { kind: 'copy', sources: ['a', 'b'], target: './' },
          { kind: 'run', command: 'npm ci --ignore-scripts' },
        ],
      },
      {
        base: 'scratch',
        instructions: [
          { kind: 'copy', from: 'build', sources: ['/source/dist'], target: './dist' },
          { kind: 'label', pairs: { one: '1', two: '2' } },
        ],
      },
    ]);
  });

  test.for([
    'ADD a b',
    'VOLUME /data',
    'COPY --chown=1 a b',
    'COPY *.json ./',
    'COPY a',
    'RUN --mount=type=cache,target=/root/.npm npm ci',
    'RUN cat <<EOF',
    'ENV NAME value',
    'ENTRYPOINT node app.js',
  ])('is refused for an instruction that would be passed over: %s', (line) => {
    expect(() => parseDockerfile(`FROM scratch\n${line}\n`)).toThrow(`what tools/image does not know: "${line}"`);
  });

  test('begins with FROM', () => {
    expect(() => parseDockerfile('RUN true\n')).toThrow('"RUN true"');
  });
});
