import { UpdateFunctionConfigurationCommand, type CreateFunctionCommandInput } from '@aws-sdk/client-lambda';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { packCode } from '../../src/code/pack-code.ts';
import { createPythonFinder, type Python } from '../../src/sandbox/lambda-python.ts';
import { createRuntimes } from '../../src/sandbox/lambda-runtimes.ts';
import type { Fixture } from './mail-fixture.ts';
import { invoke, startWith, texts } from './support/one-function.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const has = (command: string, ...args: string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

async function start(files: Readonly<Record<string, string | Buffer>>, settings: Partial<CreateFunctionCommandInput>) {
  const packed = packCode(new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])), {
    runtime: settings.Runtime ?? '',
  });
  const world = await startWith('', { ...settings, Code: { ZipFile: packed.bytes } });
  onTestFinished(() => world[Symbol.asyncDispose]());
  return world;
}

describe.skipIf(!has('python3', '--version'))('a Python function', () => {
  const python = (code: string, settings: Partial<CreateFunctionCommandInput> = {}): Promise<Fixture> =>
    start({ 'index.py': code }, { Runtime: 'python3.13', Handler: 'index.handler', ...settings });

  test('is given the event, the context of Lambda, and its environment', async () => {
    const world = await python(
      `import os
def handler(event, context):
    names = ['aws_request_id', 'function_name', 'function_version', 'memory_limit_in_mb', 'log_group_name']
    return {
        'n': event['n'] + 1,
        'context': {name: getattr(context, name) for name in names},
        'remaining': context.get_remaining_time_in_millis(),
        'env': dict(os.environ),
        'beside': __import__('os').path.dirname(__file__) == os.environ['LAMBDA_TASK_ROOT'],
    }`,
      { Timeout: 7, MemorySize: 256 },
    );
    const { payload, requestId } = await invoke(world, { n: 1 });
    expect(payload).toMatchObject({
      n: 2,
      context: {
        aws_request_id: requestId,
        function_name: 'f',
        function_version: '$LATEST',
        memory_limit_in_mb: '256',
        log_group_name: '/aws/lambda/f',
      },
      beside: true,
      env: { _HANDLER: 'index.handler', AWS_EXECUTION_ENV: 'AWS_Lambda_python3.13', AWS_REGION: 'us-west-2' },
    });
    expect(payload.remaining).toBeGreaterThan(0);
    expect(payload.remaining).toBeLessThanOrEqual(7000);
    expect(payload.env).not.toHaveProperty('HOME');
  });

  test('stays warm, and begins anew when it changes', async () => {
    const world = await python('n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n');
    expect((await invoke(world)).payload).toBe(1);
    const warm = await invoke(world);
    expect(warm.payload).toBe(2);
    expect(warm.log).not.toContain('Init Duration');
    await world.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Description: 'x' }));
    const cold = await invoke(world);
    expect(cold.payload).toBe(1);
    expect(cold.log).toMatch(/Init Duration: [\d.]+ ms/);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
  test('writes its log as Lambda does, both streams, a record with its line breaks', async () => {
    const world = await python(
      `import logging, sys
logging.getLogger().setLevel(logging.INFO)
def handler(event, context):
    logging.info('two\\nlines')
    print('plain')
    print('oops', file=sys.stderr)`,
    );
    const { requestId } = await invoke(world);
    expect(texts(world)).toContainEqual(
      expect.stringMatching(
        new RegExp(`^\\[INFO\\]\t\\d{4}-\\d\\d-\\d\\dT[\\d:]+\\.\\d{3}Z\t${requestId}\ttwo\nlines$`),
      ),
    );
    const lines = world.sandbox.lambda.logs.lines('f');
    expect(lines).toContainEqual(expect.objectContaining({ source: 'stdout', text: 'plain', requestId }));
    expect(lines).toContainEqual(expect.objectContaining({ source: 'stderr', text: 'oops', requestId }));
  });

  test('writes JSON lines when the function asks for them', async () => {
    const world = await python(`import logging\ndef handler(event, context):\n    logging.info('hello')`, {
      LoggingConfig: { LogFormat: 'JSON' },
    });
    const { requestId } = await invoke(world);
    const line = texts(world).find((text) => text.startsWith('{')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ level: 'INFO', message: 'hello', logger: 'root', requestId });
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
  test.each<[string, string, string, object]>([
    [
      'raises',
      "def handler(e, c):\n    raise ValueError('boom')",
      'index.handler',
      { errorType: 'ValueError', errorMessage: 'boom' },
    ],
    [
      'has no module',
      '',
      'nope.handler',
      {
        errorType: 'Runtime.ImportModuleError',
        errorMessage: "Unable to import module 'nope': No module named 'nope'",
      },
    ],
    [
      'imports what is not there',
      'import nope',
      'index.handler',
      {
        errorType: 'Runtime.ImportModuleError',
        errorMessage: "Unable to import module 'index': No module named 'nope'",
      },
    ],
    [
      'is no Python',
      'def handler(',
      'index.handler',
      {
        errorType: 'Runtime.UserCodeSyntaxError',
        errorMessage: expect.stringMatching(/^Syntax error in module 'index': /),
      },
    ],
    [
      'has no such name',
      '',
      'index.handler',
      { errorType: 'Runtime.HandlerNotFound', errorMessage: "Handler 'handler' missing on module 'index'" },
    ],
    ['has a handler without a name', '', 'index', { errorType: 'Runtime.MalformedHandlerName' }],
    [
      'answers what is no JSON',
      'def handler(e, c):\n    return {1, 2}',
      'index.handler',
      { errorType: 'Runtime.MarshalError' },
    ],
    [
      'raises while it loads',
      "raise KeyError('STAGE')",
      'index.handler',
      { errorType: 'KeyError', errorMessage: "'STAGE'" },
    ],
    [
      'exits',
      'import sys\ndef handler(e, c):\n    sys.exit(4)',
      'index.handler',
      { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/exit status 4$/) },
    ],
  ])('that %s says so in the words of Lambda, and runs again', async (_what, code, Handler, expected) => {
    const world = await python(code, { Handler });
    for (const _again of [1, 2]) expect(await invoke(world)).toMatchObject({ error: 'Unhandled', payload: expected });
  });

  test('is ended at its time limit', async () => {
    const world = await python(`import time\ndef handler(e, c):\n    print('begun')\n    time.sleep(60)`, {
      Timeout: 1,
    });
    const { payload, log } = await invoke(world);
    expect(payload).toMatchObject({ errorType: 'Sandbox.Timedout' });
    expect(log).toMatch(/begun\n.* Task timed out after 1\.00 seconds\nEND .*\nREPORT .*\tStatus: timeout\n$/);
  });
});

describe('the Python of this machine', () => {
  const asks = (known: Readonly<Record<string, Python>>) => {
    const asked: string[] = [];
    const find = createPythonFinder((command) => {
      asked.push(command);
      return Promise.resolve(known[command]);
    });
    return { asked, find };
  };
  const wanted = { functionName: 'f', runtime: 'python3.13', architecture: 'x86_64', taskRoot: '/code', memoryMb: 128 };

  test('is the very version where there is one', async () => {
    const { find } = asks({
      'python3.13': { executable: '/a', version: '3.13.2' },
      python3: { executable: '/b', version: '3.11.7' },
    });
    const program = await createRuntimes(find).programOf(wanted);
    expect(program).toMatchObject({ command: '/a' });
    expect(program).not.toHaveProperty('remark');
  });

  test('is otherwise the one that there is, which the log tells; it is looked for once', async () => {
    const { find, asked } = asks({ python3: { executable: '/b', version: '3.11.7' } });
    const runtimes = createRuntimes(find);
    for (const _again of [1, 2]) {
      expect(await runtimes.programOf(wanted)).toMatchObject({
        command: '/b',
        remark: 'This machine has no python3.13: Python 3.11.7 runs the function.',
      });
    }
    expect(asked).toEqual(['python3.13', 'python3']);
  });

  test('is missed in a sentence that says what to do', async () => {
    await expect(createRuntimes(asks({}).find).programOf(wanted)).rejects.toThrow(
      'f has python3.13, and this machine has neither python3.13 nor python3 in its PATH: install Python, or invoke the function on AWS.',
    );
  });
});

/** Runs wherever this test does, for Node itself is its interpreter. */
const script = (body: string): string => `#!${process.execPath}
const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime';
const next = () => fetch(api + '/invocation/next');
const answer = (id, verb, value) => fetch(api + '/invocation/' + id + '/' + verb, { method: 'POST', body: JSON.stringify(value) });
const idOf = (response) => response.headers.get('lambda-runtime-aws-request-id');
(async () => { ${body} })();
`;
const provided = { Runtime: 'provided.al2023', Handler: 'bootstrap' } as const;

// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
describe("a bootstrap of one's own", () => {
  test('is run as it is, again and again, and its output belongs to its invocation', async () => {
    const world = await start(
      {
        bootstrap: script(`for (let n = 1; ; n += 1) {
          const event = await next();
          process.stdout.write('no end of line ' + n);
          await answer(idOf(event), 'response', { n, environment: process.env.AWS_EXECUTION_ENV ?? null });
        }`),
      },
      provided,
    );
    const answers = [await invoke(world), await invoke(world)];
    expect(answers.map(({ payload }) => payload)).toEqual([
      { n: 1, environment: null },
      { n: 2, environment: null },
    ]);
    expect(answers.map(({ log }) => /no end of line \d/.exec(log)?.[0])).toEqual([
      'no end of line 1',
      'no end of line 2',
    ]);
    expect(answers[1]?.log).toMatch(/Max Memory Used: \d+ MB\n$/);
  });

  test('is heard to the last line, however much it writes', async () => {
    const body = `const event = await next();
      for (let n = 0; n < 3000; n += 1) console.log('line ' + n + ' '.repeat(100));
      await new Promise((written) => process.stdout.write('', written));
      await answer(idOf(event), 'response', null);
      await next();`;
    const world = await start({ bootstrap: script(body) }, provided);
    const { requestId } = await invoke(world);
    const lines = world.sandbox.lambda.logs.ofRequest(requestId).filter(({ source }) => source === 'stdout');
    expect(lines).toHaveLength(3000);
    expect(lines.at(-1)?.text.trim()).toBe('line 2999');
  });

  test.each<[string, Readonly<Record<string, string | Buffer>>, string]>([
    ['is not there', { 'main.go': '' }, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"],
    [
      'names an interpreter that is not there',
      { bootstrap: '#!/no/such/program\n' },
      'fork/exec /var/task/bootstrap: no such file or directory',
    ],
    [
      'is built for another machine than the function',
      { bootstrap: elfFor('arm64') },
      'fork/exec /var/task/bootstrap: exec format error',
    ],
  ])('that %s is an invalid entry point', async (_what, files, words) => {
    const world = await start(files, provided);
    const { payload, log } = await invoke(world);
    expect(payload).toMatchObject({
      errorType: 'Runtime.InvalidEntrypoint',
      errorMessage: expect.stringContaining(`Error: ${words}`),
    });
    expect(log).toContain(`INIT_REPORT Init Duration: `);
    expect(log).toMatch(/\tStatus: error\tError Type: Runtime\.InvalidEntrypoint\n$/);
  });

  test('that may not be executed is an invalid entry point', async () => {
    await using world = await startWith({ bootstrap: script('') }, provided);
    expect((await invoke(world)).payload).toMatchObject({
      errorType: 'Runtime.InvalidEntrypoint',
      errorMessage: expect.stringMatching(/fork\/exec \/var\/task\/bootstrap: permission denied$/),
    });
  });

  test('may say why it cannot start', async () => {
    const body = `await fetch(api + '/init/error', { method: 'POST', body: '{"errorType":"Config.Missing","errorMessage":"no TABLE"}' });`;
    const world = await start({ bootstrap: script(body) }, provided);
    const { payload, log } = await invoke(world);
    expect(payload).toEqual({ errorType: 'Config.Missing', errorMessage: 'no TABLE' });
    expect(log).toMatch(
      /^INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: Config\.Missing$/m,
    );
  });
});

describe.skipIf(!has('go', 'version'))('a Go program for provided.al2023', () => {
  test('runs unchanged: cold, warm, failing, gone', { timeout: 180_000 }, async () => {
    const source = new URL('go-bootstrap', import.meta.url).pathname;
    const bootstrap = join(temporaryFolder(), 'bootstrap');
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOWORK: 'off' };
    execFileSync('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', bootstrap, '.'], { cwd: source, env });
    const Architectures = [
      process.arch === 'arm64' ? 'arm64' : 'x86_64',
    ] satisfies CreateFunctionCommandInput['Architectures'];
    const world = await start({ bootstrap: readFileSync(bootstrap) }, { ...provided, Architectures });

    const first = await invoke(world, 'hello');
    expect(first.payload).toMatchObject({ count: 1, handler: 'bootstrap', executionEnvironment: '' });
    expect(first.payload.trace).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/);
    expect(first.log).toContain('event of 7 bytes\n');
    expect(first.log).toContain('to stderr\n');
    expect((await invoke(world)).payload).toMatchObject({ count: 2 });
    expect(await invoke(world, 'fail')).toMatchObject({ error: 'Unhandled', payload: { errorMessage: 'no' } });
    expect((await invoke(world, 'exit')).payload).toMatchObject({
      errorMessage: expect.stringMatching(/exit status 3$/),
    });
    expect((await invoke(world)).payload).toMatchObject({ count: 1 });
  });
});

/** The head of a program for Linux, and nothing behind it. */
function elfFor(architecture: 'arm64' | 'x86_64'): Buffer {
  const head = Buffer.alloc(64);
  head.write('\u007fELF', 'latin1');
  head.writeUInt16LE(architecture === 'arm64' ? 0xb7 : 0x3e, 18);
  return head;
}
