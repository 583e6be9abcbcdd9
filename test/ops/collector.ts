import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { resourceOf, spansOf, type Sent } from '../service/support/otlp.ts';
import { freePort } from '../support/free-port.ts';
import { builtWithGo } from './built-with-go.ts';

const SOURCES = new URL('otel-collector', import.meta.url).pathname;

/**
 * A real OpenTelemetry collector, of the parts that everybody's has, that writes what it takes to a file. Ends with the
 * test.
 *
 * @see https://opentelemetry.io/docs/collector/
 */
export async function startCollector() {
  const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-collector-'));
  const file = join(folder, 'spans.json');
  const endpoint = `127.0.0.1:${await freePort()}`;
  const program = await builtWithGo(SOURCES);
  const child = spawn(program, [`--config=yaml:${JSON.stringify(configuration(endpoint, file))}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'close');
  const end = async (): Promise<void> => {
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await ended;
  };
  onTestFinished(async () => {
    await end();
    rmSync(folder, { recursive: true });
  });
  await until(
    'the collector takes spans',
    () => isListening(endpoint),
    (listening) => listening || child.exitCode !== null,
  );
  if (child.exitCode !== null) throw new Error(`The collector ended with ${child.exitCode}: ${said}`);
  const sent = (): readonly Sent[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []).flatMap(read);
  return {
    url: `http://${endpoint}`,
    spans: () => spansOf(sent()),
    /** Of the process that sent the spans. */
    resource: () => resourceOf(sent()),
    /** It keeps its port and takes connections, and says nothing more. */
    fallSilent: () => void child.kill('SIGSTOP'),
    comeBack: () => void child.kill('SIGCONT'),
    end,
  };
}

/** JSON is YAML. */
const configuration = (endpoint: string, file: string) => ({
  receivers: { otlp: { protocols: { http: { endpoint } } } },
  exporters: { file: { path: file, flush_interval: '50ms' } },
  service: { pipelines: { traces: { receivers: ['otlp'], exporters: ['file'] } } },
});

/** What it is still writing is read the next time. */
const read = (line: string): readonly Sent[] => (/^\{.*\}$/.test(line) ? [JSON.parse(line) as Sent] : []);

const isListening = (endpoint: string): Promise<boolean> =>
  fetch(`http://${endpoint}/v1/traces`).then(
    () => true,
    () => false,
  );
