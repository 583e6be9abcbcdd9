// Made by tools/build-helper-library.ts from src/lambda. Do not edit.

/** The helper library as an ES module. */
export const HELPER_LIBRARY_ESM = `export function parseSesEvent(event) {
  const records = field(event, 'Records');
  if (!Array.isArray(records)) throw notSes('Records is not a list');
  for (const [index, record] of records.entries()) checkRecord(record, \`Records[\${index}]\`);
  return event;
}

function checkRecord(record, at) {
  const source = field(record, 'eventSource');
  if (source !== 'aws:ses')
    throw notSes(
      field(record, 'EventSource') === 'aws:sns'
        ? \`\${at} came through SNS, not from a Lambda action of a receipt rule\`
        : \`\${at}.eventSource is not "aws:ses"\`,
    );
  const ses = field(record, 'ses');
  const mail = field(ses, 'mail');
  const receipt = field(ses, 'receipt');
  for (const name of ['messageId', 'source'])
    if (typeof field(mail, name) !== 'string') throw notSes(\`\${at}.ses.mail.\${name} is not a string\`);
  if (field(mail, 'messageId') === '') throw notSes(\`\${at}.ses.mail.messageId is empty\`);
  if (!Array.isArray(field(receipt, 'recipients'))) throw notSes(\`\${at}.ses.receipt.recipients is not a list\`);
}

function field(value, name) {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value)[name]
    : undefined;
}

function notSes(what) {
  return new Error(\`This is not an SES event: \${what}.\`);
}

const VARIABLE = 'SES_LAMBDA_PIPELINE_DISCOVERY';
const BUCKET = 'SESMessageStoreBucket';

let cache;

export function discover(env = process.env) {
  const text = env[VARIABLE];
  if (text === undefined || text === '')
    throw new Error(\`\${VARIABLE} is not set: this code does not run in the function of a SesLambdaPipeline.\`);
  if (cache?.text === text) return cache.discovery;
  const discovery = parseDiscovery(text);
  cache = { text, discovery };
  return discovery;
}

export function bucketOf(discovery) {
  for (const [name, value] of Object.entries(discovery))
    if (name.startsWith(BUCKET) && typeof value === 'object') return value;
  return undefined;
}

export function objectKeys(bucket, messageId) {
  const prefixes = bucket.ObjectKeyPrefixes ?? [];
  return (prefixes.length === 0 ? [''] : prefixes).map((prefix) => prefix + messageId);
}

function parseDiscovery(text) {
  let value;
  try {
    value = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
  } catch (cause) {
    throw new Error(\`\${VARIABLE} is not JSON in base64.\`, { cause });
  }
  if (!isObject(value)) throw new Error(\`\${VARIABLE} does not hold a JSON object.\`);
  for (const [name, entry] of Object.entries(value)) checkEntry(name, entry);
  return value;
}

function checkEntry(name, entry) {
  if (['string', 'number', 'boolean'].includes(typeof entry)) return;
  if (!isObject(entry)) throw new Error(\`\${VARIABLE}: \${name} is neither a resource nor a scalar.\`);
  for (const member of ['Ref', 'Type'])
    if (typeof entry[member] !== 'string') throw new Error(\`\${VARIABLE}: \${name}.\${member} is not a string.\`);
  const prefixes = entry['ObjectKeyPrefixes'];
  if (prefixes !== undefined && !(Array.isArray(prefixes) && prefixes.every((prefix) => typeof prefix === 'string')))
    throw new Error(\`\${VARIABLE}: \${name}.ObjectKeyPrefixes is not a list of strings.\`);
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LEVELS = ['debug', 'info', 'warn', 'error'];

export function log(level, msg, fields = {}) {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(lowestLevel())) return;
  console.log(toLine(Object.assign({ level, msg }, fields, { level, msg })));
}

function lowestLevel() {
  const wanted = process.env['SES_LAMBDA_PIPELINE_LOG_LEVEL']?.toLowerCase();
  return LEVELS.find((level) => level === wanted) ?? 'info';
}

function toLine(entry) {
  try {
    return JSON.stringify(entry, toJson);
  } catch (error) {
    return JSON.stringify({ level: entry['level'], msg: entry['msg'], unloggable: String(error) });
  }
}

function toJson(_key, value) {
  if (value instanceof Error) return String(value);
  return typeof value === 'bigint' ? value.toString() : value;
}
`;

/** The helper library as a CommonJS module. */
export const HELPER_LIBRARY_COMMON_JS = `function parseSesEvent(event) {
  const records = field(event, 'Records');
  if (!Array.isArray(records)) throw notSes('Records is not a list');
  for (const [index, record] of records.entries()) checkRecord(record, \`Records[\${index}]\`);
  return event;
}

function checkRecord(record, at) {
  const source = field(record, 'eventSource');
  if (source !== 'aws:ses')
    throw notSes(
      field(record, 'EventSource') === 'aws:sns'
        ? \`\${at} came through SNS, not from a Lambda action of a receipt rule\`
        : \`\${at}.eventSource is not "aws:ses"\`,
    );
  const ses = field(record, 'ses');
  const mail = field(ses, 'mail');
  const receipt = field(ses, 'receipt');
  for (const name of ['messageId', 'source'])
    if (typeof field(mail, name) !== 'string') throw notSes(\`\${at}.ses.mail.\${name} is not a string\`);
  if (field(mail, 'messageId') === '') throw notSes(\`\${at}.ses.mail.messageId is empty\`);
  if (!Array.isArray(field(receipt, 'recipients'))) throw notSes(\`\${at}.ses.receipt.recipients is not a list\`);
}

function field(value, name) {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value)[name]
    : undefined;
}

function notSes(what) {
  return new Error(\`This is not an SES event: \${what}.\`);
}

const VARIABLE = 'SES_LAMBDA_PIPELINE_DISCOVERY';
const BUCKET = 'SESMessageStoreBucket';

let cache;

function discover(env = process.env) {
  const text = env[VARIABLE];
  if (text === undefined || text === '')
    throw new Error(\`\${VARIABLE} is not set: this code does not run in the function of a SesLambdaPipeline.\`);
  if (cache?.text === text) return cache.discovery;
  const discovery = parseDiscovery(text);
  cache = { text, discovery };
  return discovery;
}

function bucketOf(discovery) {
  for (const [name, value] of Object.entries(discovery))
    if (name.startsWith(BUCKET) && typeof value === 'object') return value;
  return undefined;
}

function objectKeys(bucket, messageId) {
  const prefixes = bucket.ObjectKeyPrefixes ?? [];
  return (prefixes.length === 0 ? [''] : prefixes).map((prefix) => prefix + messageId);
}

function parseDiscovery(text) {
  let value;
  try {
    value = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
  } catch (cause) {
    throw new Error(\`\${VARIABLE} is not JSON in base64.\`, { cause });
  }
  if (!isObject(value)) throw new Error(\`\${VARIABLE} does not hold a JSON object.\`);
  for (const [name, entry] of Object.entries(value)) checkEntry(name, entry);
  return value;
}

function checkEntry(name, entry) {
  if (['string', 'number', 'boolean'].includes(typeof entry)) return;
  if (!isObject(entry)) throw new Error(\`\${VARIABLE}: \${name} is neither a resource nor a scalar.\`);
  for (const member of ['Ref', 'Type'])
    if (typeof entry[member] !== 'string') throw new Error(\`\${VARIABLE}: \${name}.\${member} is not a string.\`);
  const prefixes = entry['ObjectKeyPrefixes'];
  if (prefixes !== undefined && !(Array.isArray(prefixes) && prefixes.every((prefix) => typeof prefix === 'string')))
    throw new Error(\`\${VARIABLE}: \${name}.ObjectKeyPrefixes is not a list of strings.\`);
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LEVELS = ['debug', 'info', 'warn', 'error'];

function log(level, msg, fields = {}) {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(lowestLevel())) return;
  console.log(toLine(Object.assign({ level, msg }, fields, { level, msg })));
}

function lowestLevel() {
  const wanted = process.env['SES_LAMBDA_PIPELINE_LOG_LEVEL']?.toLowerCase();
  return LEVELS.find((level) => level === wanted) ?? 'info';
}

function toLine(entry) {
  try {
    return JSON.stringify(entry, toJson);
  } catch (error) {
    return JSON.stringify({ level: entry['level'], msg: entry['msg'], unloggable: String(error) });
  }
}

function toJson(_key, value) {
  if (value instanceof Error) return String(value);
  return typeof value === 'bigint' ? value.toString() : value;
}

module.exports = { bucketOf, discover, log, objectKeys, parseSesEvent };
`;
