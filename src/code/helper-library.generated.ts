// Made by tools/build-helper-library.ts from src/lambda. Do not edit.

/** The helper library as an ES module. */
export const HELPER_LIBRARY_ESM = `// src/lambda/discovery.ts
var VARIABLE = "SES_LAMBDA_PIPELINE_DISCOVERY";
var BUCKET = "SESMessageStoreBucket";
var cache;
function discover(env = process.env) {
  const text = env[VARIABLE];
  if (text === void 0 || text === "")
    throw new Error(\`\${VARIABLE} is not set: this code does not run in the function of a SesLambdaPipeline.\`);
  if (cache?.text === text) return cache.discovery;
  const discovery = parseDiscovery(text);
  cache = { text, discovery };
  return discovery;
}
function bucketOf(discovery) {
  return bucketsOf(discovery)[0];
}
function bucketsOf(discovery) {
  return Object.entries(discovery).flatMap(
    ([name, value]) => name.startsWith(BUCKET) && typeof value === "object" ? [value] : []
  );
}
function objectKeys(bucket, messageId) {
  const prefixes = bucket.ObjectKeyPrefixes ?? [];
  return (prefixes.length === 0 ? [""] : prefixes).map((prefix) => prefix + messageId);
}
function parseDiscovery(text) {
  let value;
  try {
    value = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
  } catch (cause) {
    throw new Error(\`\${VARIABLE} is not JSON in base64.\`, { cause });
  }
  if (!isObject(value)) throw new Error(\`\${VARIABLE} does not hold a JSON object.\`);
  for (const [name, entry] of Object.entries(value)) checkEntry(name, entry);
  return value;
}
function checkEntry(name, entry) {
  if (["string", "number", "boolean"].includes(typeof entry)) return;
  if (!isObject(entry)) throw new Error(\`\${VARIABLE}: \${name} is neither a resource nor a scalar.\`);
  for (const member of ["Ref", "Type"])
    if (typeof entry[member] !== "string") throw new Error(\`\${VARIABLE}: \${name}.\${member} is not a string.\`);
  const prefixes = entry["ObjectKeyPrefixes"];
  if (prefixes !== void 0 && !(Array.isArray(prefixes) && prefixes.every((prefix) => typeof prefix === "string")))
    throw new Error(\`\${VARIABLE}: \${name}.ObjectKeyPrefixes is not a list of strings.\`);
}
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// src/lambda/log.ts
var LEVELS = ["debug", "info", "warn", "error"];
var log = Object.assign(
  write,
  loggerOf({})
);
function loggerOf(bound) {
  const at = (level) => (msg, fields = {}) => write(level, msg, { ...bound, ...fields });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => loggerOf({ ...bound, ...fields })
  };
}
function write(level, msg, fields = {}) {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(lowestLevel())) return;
  const line = toLine(Object.assign({ level, msg }, fields, { level, msg }));
  if (process.env["AWS_LAMBDA_LOG_FORMAT"] === "JSON") console[level](JSON.parse(line));
  else console.log(line);
}
function lowestLevel() {
  const wanted = process.env["SES_LAMBDA_PIPELINE_LOG_LEVEL"]?.toLowerCase();
  return LEVELS.find((level) => level === wanted) ?? "info";
}
function toLine(entry) {
  try {
    return JSON.stringify(entry, toJson);
  } catch (error) {
    return JSON.stringify({ level: entry["level"], msg: entry["msg"], unloggable: String(error) });
  }
}
function toJson(_key, value) {
  if (value instanceof Error) return String(value);
  return typeof value === "bigint" ? value.toString() : value;
}

// src/lambda/message-body-error.ts
var MessageBodyError = class extends Error {
  name = "MessageBodyError";
  kind;
  constructor(kind, message, options) {
    super(message, options);
    this.kind = kind;
  }
};

// src/lambda/ses-event.ts
function parseSesEvent(event) {
  const records = field(event, "Records");
  if (!Array.isArray(records)) throw notSes("Records is not a list");
  for (const [index, record] of records.entries()) checkRecord(record, \`Records[\${index}]\`);
  return event;
}
function checkRecord(record, at) {
  const source = field(record, "eventSource");
  if (source !== "aws:ses")
    throw notSes(
      field(record, "EventSource") === "aws:sns" ? \`\${at} came through SNS, not from a Lambda action of a receipt rule\` : \`\${at}.eventSource is not "aws:ses"\`
    );
  const ses = field(record, "ses");
  const mail = field(ses, "mail");
  const receipt = field(ses, "receipt");
  for (const name of ["messageId", "source"])
    if (typeof field(mail, name) !== "string") throw notSes(\`\${at}.ses.mail.\${name} is not a string\`);
  if (field(mail, "messageId") === "") throw notSes(\`\${at}.ses.mail.messageId is empty\`);
  const recipients = field(receipt, "recipients");
  if (!Array.isArray(recipients) || !recipients.every((recipient) => typeof recipient === "string"))
    throw notSes(\`\${at}.ses.receipt.recipients is not a list of addresses\`);
}
function field(value, name) {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? value[name] : void 0;
}
function notSes(what) {
  return new Error(\`This is not an SES event: \${what}.\`);
}

// src/lambda/deadline.ts
var MARGIN_SHARE = 0.1;
var MAX_MARGIN_MS = 500;
function deadlineOf({ getRemainingTimeInMillis }, limitMs = Number.POSITIVE_INFINITY) {
  const controller = new AbortController();
  const { signal } = controller;
  const leftMs = Math.min(getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY, limitMs);
  if (!Number.isFinite(leftMs)) return { signal, clear: () => {
  } };
  const marginMs = Math.min(leftMs * MARGIN_SHARE, MAX_MARGIN_MS);
  const reason = Object.assign(new Error("The time of this invocation is nearly over."), { name: "TimeoutError" });
  const timer = setTimeout(() => controller.abort(reason), leftMs - marginMs);
  return { signal, clear: () => clearTimeout(timer) };
}

// src/lambda/disposition.ts
var DISPOSITIONS = ["CONTINUE", "STOP_RULE", "STOP_RULE_SET"];
function dispositionOf(answer, whose) {
  const disposition = DISPOSITIONS.find((known) => known === answer);
  if (disposition !== void 0) return disposition;
  const what = typeof answer === "string" ? JSON.stringify(answer) : typeof answer;
  throw new TypeError(\`\${whose} answered \${what} to a RequestResponse invocation; answer \${DISPOSITIONS.join(", ")}.\`);
}
function strongest(dispositions) {
  return DISPOSITIONS.findLast((disposition) => dispositions.includes(disposition)) ?? "CONTINUE";
}

// src/lambda/message.ts
import { buffer } from "node:stream/consumers";

// src/lambda/encoded-words.ts
var WORD = String.raw\`=\\?[^\\s?]+\\?[bq]\\?[^\\s?]*\\?=\`;
var RUN = new RegExp(String.raw\`\${WORD}(?:\\s+\${WORD})*\`, "gi");
var PARTS = /=\\?([^\\s?*]+)(?:\\*[^\\s?]*)?\\?([bq])\\?([^\\s?]*)\\?=/gi;
function decodeWords(text) {
  return text.replaceAll(RUN, (run) => {
    try {
      return joined(partsOf(run)).map(({ charset, bytes }) => new TextDecoder(charset).decode(bytes)).join("");
    } catch {
      return run;
    }
  });
}
function partsOf(run) {
  return [...run.matchAll(PARTS)].map(([, charset = "", encoding = "", text = ""]) => ({
    charset: charset.toLowerCase(),
    bytes: encoding.toLowerCase() === "b" ? Buffer.from(text, "base64") : fromQ(text)
  }));
}
function joined(parts) {
  const whole = [];
  for (const part of parts) {
    const last = whole.at(-1);
    if (last?.charset === part.charset)
      whole[whole.length - 1] = { ...part, bytes: Buffer.concat([last.bytes, part.bytes]) };
    else whole.push(part);
  }
  return whole;
}
function fromQ(text) {
  const characters = text.replaceAll("_", " ").replaceAll(/=([0-9a-f]{2})/gi, (_match, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(characters, "latin1");
}

// src/lambda/parsed-mail.ts
async function parseMail(raw) {
  const { default: PostalMime } = await loadParser();
  const mail = await PostalMime.parse(raw, { attachmentEncoding: "arraybuffer" });
  const [from] = mailboxes(mail.from === void 0 ? [] : [mail.from]);
  return {
    headers: mail.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
    to: mailboxes(mail.to),
    cc: mailboxes(mail.cc),
    replyTo: mailboxes(mail.replyTo),
    ...present({ from, subject: mail.subject, date: mail.date, text: mail.text, html: mail.html }),
    attachments: mail.attachments.map(({ filename, mimeType, disposition, contentId, content }) => ({
      contentType: mimeType,
      ...present({ filename, disposition, contentId: contentId?.replaceAll(/^<|>$/g, "") }),
      content: typeof content === "string" ? Buffer.from(content) : new Uint8Array(content)
    }))
  };
}
function loadParser() {
  return import("postal-mime").catch((cause) => {
    throw new Error(
      "message.parse() needs the package postal-mime in the code of the function: npm install postal-mime, and bundle it or pack node_modules.",
      { cause }
    );
  });
}
function mailboxes(addresses = []) {
  return addresses.flatMap((entry) => entry.group ?? [entry]).map(({ name, address }) => ({ name, address }));
}
function present(members) {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== void 0 && value !== null)
  );
}

// src/lambda/s3-body.ts
function s3Body(messageId, discover2, signal) {
  const firstFound = async (ask) => {
    const tried = [];
    let cause;
    for (const place of placesOf(messageId, discover2())) {
      try {
        return await ask(place);
      } catch (error) {
        const status = missingStatus(error);
        if (status === void 0) throw error;
        tried.push(\`s3://\${place.Bucket}/\${place.Key} (\${status})\`);
        cause = error;
      }
    }
    throw new MessageBodyError("missing", nowhere(messageId, tried), { cause });
  };
  return {
    head: () => firstFound(async (place) => {
      const { client, sdk } = await s3();
      return headOf(place, await client.send(new sdk.HeadObjectCommand(place), { abortSignal: signal }));
    }),
    open: () => firstFound(async (place) => {
      const { client, sdk } = await s3();
      const answer = await client.send(new sdk.GetObjectCommand(place), { abortSignal: signal });
      return { head: headOf(place, answer), stream: answer.Body };
    })
  };
}
function placesOf(messageId, discovery) {
  return bucketsOf(discovery).flatMap(
    (bucket) => objectKeys(bucket, messageId).map((Key) => ({ Bucket: bucket.Ref, Key }))
  );
}
function headOf({ Bucket, Key }, found) {
  return { bucket: Bucket, key: Key, sizeBytes: found.ContentLength ?? 0, metadata: found.Metadata ?? {} };
}
function missingStatus(error) {
  if (!(error instanceof Error) || error.name === "InvalidObjectState") return void 0;
  const { $metadata } = error;
  return [403, 404].find((status) => status === $metadata?.httpStatusCode);
}
function nowhere(messageId, tried) {
  if (tried.length === 0) return \`The body of message \${messageId} is nowhere: the discovery lists no bucket.\`;
  const hint = tried.some((place) => place.endsWith("(403)")) ? " 403 also means that the role may not read there: it needs s3:GetObject on \${bucket.arnAllKeys}." : "";
  return \`The body of message \${messageId} is not at \${tried.join(", ")}.\${hint}\`;
}
var loaded;
function s3() {
  return loaded ??= import("@aws-sdk/client-s3").then(
    (sdk) => ({ sdk, client: new sdk.S3Client({}) }),
    (cause) => {
      loaded = void 0;
      throw new Error("@aws-sdk/client-s3 cannot be loaded. Lambda has it; elsewhere: npm install @aws-sdk/client-s3", {
        cause
      });
    }
  );
}

// src/lambda/test-message.ts
import { Readable } from "node:stream";
var RAW = /* @__PURE__ */ Symbol.for("ses-lambda-pipeline/raw-message");
function withRawMessage(record, raw) {
  return Object.defineProperty(record, RAW, { value: raw, enumerable: false });
}
function testBody(record) {
  const raw = Reflect.get(record, RAW);
  if (!(raw instanceof Uint8Array)) return void 0;
  const { messageId } = record.ses.mail;
  const head = { bucket: "test-event", key: messageId, sizeBytes: raw.byteLength, metadata: {} };
  return {
    head: () => Promise.resolve(head),
    open: () => Promise.resolve({ head, stream: Readable.from([Buffer.from(raw)]) })
  };
}

// src/lambda/message.ts
var MEGABYTE = 1024 * 1024;
var MAX_BODY_BYTES = 40 * MEGABYTE;
var PARSED_SHARE = 1 / 32;
function messageOf(record, discover2, signal) {
  const { mail, receipt } = record.ses;
  const { messageId } = mail;
  const stored = testBody(record) ?? s3Body(messageId, discover2, signal);
  const open = async (maxBytes) => {
    const { head, stream } = await stored.open();
    if (head.sizeBytes <= maxBytes) return stream;
    stream.destroy();
    throw new MessageBodyError(
      "tooLarge",
      \`Message \${messageId} has \${head.sizeBytes} bytes and at most \${maxBytes} are read; give a larger maxBytes, and the function the memory for it.\`
    );
  };
  return {
    messageId,
    subject: subjectOf(mail),
    mail,
    receipt,
    head: stored.head,
    body: ({ maxBytes = MAX_BODY_BYTES } = {}) => open(maxBytes),
    parse: async ({ maxBytes = parsedLimitBytes() } = {}) => parseMail(await buffer(await open(maxBytes)))
  };
}
function subjectOf({ commonHeaders }) {
  return commonHeaders?.subject === void 0 ? void 0 : decodeWords(commonHeaders.subject);
}
function parsedLimitBytes() {
  const memoryMb = Number(process.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] ?? Number.NaN);
  const limitBytes = memoryMb * MEGABYTE * PARSED_SHARE;
  return limitBytes < MAX_BODY_BYTES ? limitBytes : MAX_BODY_BYTES;
}

// src/lambda/once.ts
function createOnce(maxKeys) {
  const runs = /* @__PURE__ */ new Map();
  const start = (key, work) => {
    const run = work();
    runs.set(key, run);
    run.catch(() => {
      if (runs.get(key) === run) runs.delete(key);
    });
    for (const oldest of runs.keys()) {
      if (runs.size <= maxKeys) break;
      runs.delete(oldest);
    }
    return run;
  };
  return async (key, work) => {
    if (key === void 0) return { answer: await work(), repeated: false };
    for (let run = runs.get(key); run !== void 0; run = runs.get(key)) {
      const earlier = await run.then(
        (answer) => ({ answer }),
        () => void 0
      );
      if (earlier !== void 0) return { ...earlier, repeated: true };
    }
    return { answer: await start(key, work), repeated: false };
  };
}

// src/lambda/ses-handler.ts
var REMEMBERED_MESSAGES = 1e3;
var SES_WAITS_MS = 3e4;
function sesHandler(options) {
  const { invocationType = "Event" } = options;
  const work = { ...options, invocationType, once: createOnce(REMEMBERED_MESSAGES) };
  return async (event, lambda = {}) => {
    const { Records: records } = parseSesEvent(event);
    const { signal, clear } = deadlineOf(lambda, invocationType === "Event" ? void 0 : SES_WAITS_MS);
    const results = [];
    try {
      for (const record of records) results.push(await handleRecord(record, work, lambda, signal));
    } finally {
      clear();
    }
    const failures = results.flatMap((result) => result.kind === "failed" ? [result.error] : []);
    if (failures.length > 0) throw oneError(failures, records.length);
    if (invocationType === "Event") return void 0;
    return { disposition: strongest(results.flatMap((result) => result.kind === "answered" ? [result.with] : [])) };
  };
}
async function handleRecord(record, work, lambda, signal) {
  const message = messageOf(record, discover, signal);
  const ids = { messageId: message.messageId, requestId: lambda.awsRequestId };
  const context = {
    get discovery() {
      return discover();
    },
    log: log.child(ids),
    signal,
    lambda
  };
  const onAbort = () => context.log.warn("The time of this invocation is nearly over; this message is not done");
  warnOfMismatch(record, work, context.log);
  try {
    signal.throwIfAborted();
    signal.addEventListener("abort", onAbort);
    const { idempotencyKey = byMessageId } = work;
    const { answer, repeated } = await work.once(
      idempotencyKey(message),
      async () => resultOf(await work.onMessage(message, context), "onMessage", work)
    );
    if (repeated) context.log.info("This instance has handled the message already; it is left out");
    return answer;
  } catch (error) {
    context.log.error("The message failed", { error, stack: error instanceof Error ? error.stack : void 0 });
    return await afterFailure(error, message, context, work);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
async function afterFailure(error, message, context, work) {
  if (work.onError === void 0) return { kind: "failed", error };
  try {
    const answer = await work.onError(error, message, context);
    if (work.invocationType === "RequestResponse") return resultOf(answer, "onError", work);
    return answer === "DROP" ? { kind: "done" } : { kind: "failed", error };
  } catch (second) {
    context.log.error("onError failed too", { error: second });
    return { kind: "failed", error };
  }
}
function resultOf(answer, whose, { invocationType }) {
  return invocationType === "Event" ? { kind: "done" } : { kind: "answered", with: dispositionOf(answer, whose) };
}
var byMessageId = ({ messageId }) => messageId;
function warnOfMismatch({ ses }, { invocationType }, log2) {
  const actual = ses.receipt.action?.invocationType;
  if (actual === void 0 || actual === invocationType) return;
  const consequence = actual === "Event" ? "SES does not wait for its disposition" : "SES goes on after a failure, and nobody tries again";
  log2.warn(\`The rule invokes as \${actual} a handler made for \${invocationType}: \${consequence}\`);
}
function oneError(failures, total) {
  if (failures.length === 1) return failures[0];
  return new AggregateError(
    failures,
    \`\${failures.length} of \${total} messages failed: \${failures.map(String).join("; ")}\`
  );
}

// src/lambda/test-event.ts
import { randomBytes } from "node:crypto";

// src/lambda/raw-headers.ts
var MAX_HEADERS_BYTES = 10 * 1024;
function headersOf(raw) {
  const [block = ""] = raw.toString("utf8").split(/\\r?\\n\\r?\\n/, 1);
  const lines = block.replaceAll(/\\r?\\n([ \\t])/g, "$1").split(/\\r?\\n/);
  return lines.flatMap((line) => {
    const [, name, value] = /^([!-9;-~]+)[ \\t]*:(.*)$/.exec(line) ?? [];
    return name === void 0 || value === void 0 ? [] : [{ name, value: value.trim() }];
  });
}
function withinLimit(headers) {
  let leftBytes = MAX_HEADERS_BYTES;
  const end = headers.findIndex(({ name, value }) => {
    leftBytes -= Buffer.byteLength(\`\${name}: \${value}\\r
\`);
    return leftBytes < 0;
  });
  return { kept: headers.slice(0, end === -1 ? void 0 : end), truncated: end !== -1 };
}
function commonHeadersOf(headers) {
  const all = (wanted) => headers.flatMap(({ name, value }) => name.toLowerCase() === wanted ? [value] : []);
  const addresses = (wanted) => {
    const found2 = all(wanted).flatMap(listed);
    return found2.length === 0 ? void 0 : found2;
  };
  const found = {
    returnPath: all("return-path")[0]?.replaceAll(/^<|>$/g, ""),
    from: addresses("from"),
    date: all("date")[0],
    to: addresses("to"),
    cc: addresses("cc"),
    bcc: addresses("bcc"),
    sender: all("sender")[0],
    replyTo: addresses("reply-to"),
    messageId: all("message-id")[0],
    subject: all("subject")[0]
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== void 0));
}
function bareAddresses(entries) {
  return entries.map((entry) => /<([^<>]*)>\\s*$/.exec(entry)?.[1] ?? entry.trim());
}
function listed(value) {
  let depth = 0;
  let quoted = false;
  const parts = [""];
  for (const [token] of value.matchAll(/\\\\.?|[^\\\\]/gsu)) {
    if (token === '"') quoted = !quoted;
    if (!quoted && (token === "(" || token === "<")) depth += 1;
    if (!quoted && (token === ")" || token === ">")) depth -= 1;
    if (token === "," && !quoted && depth <= 0) parts.push("");
    else parts.push((parts.pop() ?? "") + token);
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

// src/lambda/test-event.ts
var REGION = "us-east-1";
var FUNCTION_ARN = \`arn:aws:lambda:\${REGION}:123456789012:function:test\`;
var CLIENT = "mail.example.com (mail.example.com [192.0.2.1])";
function testEvent(rawMessage, overrides = {}) {
  const sent = Buffer.from(rawMessage);
  const written = headersOf(sent);
  const { messageId = randomMessageId(), receivedAt = /* @__PURE__ */ new Date(), source = sourceOf(written) } = overrides;
  const recipients = overrides.recipients ?? destinationOf(written);
  const raw = isStored(written) ? sent : withTrace(sent, { source, messageId, recipients, receivedAt });
  const headers = headersOf(raw);
  const { kept, truncated } = withinLimit(headers);
  const timestamp = receivedAt.toISOString();
  const record = {
    eventSource: "aws:ses",
    eventVersion: "1.0",
    ses: {
      mail: {
        timestamp,
        source,
        messageId,
        destination: destinationOf(headers),
        headersTruncated: truncated,
        headers: kept,
        commonHeaders: commonHeadersOf(headers)
      },
      receipt: {
        timestamp,
        processingTimeMillis: 0,
        recipients,
        spamVerdict: { status: "PASS" },
        virusVerdict: { status: "PASS" },
        spfVerdict: { status: "GRAY" },
        dkimVerdict: { status: "GRAY" },
        dmarcVerdict: { status: "GRAY" },
        ...overrides.receipt,
        action: { type: "Lambda", functionArn: FUNCTION_ARN, invocationType: "Event", ...overrides.action }
      }
    }
  };
  return { Records: [withRawMessage(record, raw)] };
}
var isStored = ([first]) => first?.name.toLowerCase() === "return-path";
function sourceOf(headers) {
  const { returnPath, from = [] } = commonHeadersOf(headers);
  return returnPath ?? bareAddresses(from)[0] ?? "";
}
function destinationOf(headers) {
  const { to = [], cc = [] } = commonHeadersOf(headers);
  return bareAddresses([...to, ...cc]);
}
function withTrace(sent, { source, messageId, recipients, receivedAt }) {
  const lines = [
    \`Return-Path: <\${source}>\`,
    \`Received: from \${CLIENT}\`,
    \` by inbound-smtp.\${REGION}.amazonaws.com with ESMTPS id \${messageId}\`,
    \` for \${recipients[0] ?? ""};\`,
    \` \${receivedAt.toUTCString().replace("GMT", "+0000")} (UTC)\`
  ].map((line) => \`\${line.replaceAll(/[\\r\\n]/g, "")}\\r
\`);
  return Buffer.concat([Buffer.from(lines.join("")), sent]);
}
function randomMessageId() {
  return BigInt(\`0x\${randomBytes(25).toString("hex")}\`).toString(32).padStart(40, "0");
}
export {
  MessageBodyError,
  bucketOf,
  discover,
  log,
  objectKeys,
  parseSesEvent,
  sesHandler,
  testEvent
};
`;

/** The helper library as a CommonJS module. */
export const HELPER_LIBRARY_COMMON_JS = `var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// src/lambda/index.ts
var index_exports = {};
__export(index_exports, {
  MessageBodyError: () => MessageBodyError,
  bucketOf: () => bucketOf,
  discover: () => discover,
  log: () => log,
  objectKeys: () => objectKeys,
  parseSesEvent: () => parseSesEvent,
  sesHandler: () => sesHandler,
  testEvent: () => testEvent
});
module.exports = __toCommonJS(index_exports);

// src/lambda/discovery.ts
var VARIABLE = "SES_LAMBDA_PIPELINE_DISCOVERY";
var BUCKET = "SESMessageStoreBucket";
var cache;
function discover(env = process.env) {
  const text = env[VARIABLE];
  if (text === void 0 || text === "")
    throw new Error(\`\${VARIABLE} is not set: this code does not run in the function of a SesLambdaPipeline.\`);
  if (cache?.text === text) return cache.discovery;
  const discovery = parseDiscovery(text);
  cache = { text, discovery };
  return discovery;
}
function bucketOf(discovery) {
  return bucketsOf(discovery)[0];
}
function bucketsOf(discovery) {
  return Object.entries(discovery).flatMap(
    ([name, value]) => name.startsWith(BUCKET) && typeof value === "object" ? [value] : []
  );
}
function objectKeys(bucket, messageId) {
  const prefixes = bucket.ObjectKeyPrefixes ?? [];
  return (prefixes.length === 0 ? [""] : prefixes).map((prefix) => prefix + messageId);
}
function parseDiscovery(text) {
  let value;
  try {
    value = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
  } catch (cause) {
    throw new Error(\`\${VARIABLE} is not JSON in base64.\`, { cause });
  }
  if (!isObject(value)) throw new Error(\`\${VARIABLE} does not hold a JSON object.\`);
  for (const [name, entry] of Object.entries(value)) checkEntry(name, entry);
  return value;
}
function checkEntry(name, entry) {
  if (["string", "number", "boolean"].includes(typeof entry)) return;
  if (!isObject(entry)) throw new Error(\`\${VARIABLE}: \${name} is neither a resource nor a scalar.\`);
  for (const member of ["Ref", "Type"])
    if (typeof entry[member] !== "string") throw new Error(\`\${VARIABLE}: \${name}.\${member} is not a string.\`);
  const prefixes = entry["ObjectKeyPrefixes"];
  if (prefixes !== void 0 && !(Array.isArray(prefixes) && prefixes.every((prefix) => typeof prefix === "string")))
    throw new Error(\`\${VARIABLE}: \${name}.ObjectKeyPrefixes is not a list of strings.\`);
}
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// src/lambda/log.ts
var LEVELS = ["debug", "info", "warn", "error"];
var log = Object.assign(
  write,
  loggerOf({})
);
function loggerOf(bound) {
  const at = (level) => (msg, fields = {}) => write(level, msg, { ...bound, ...fields });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => loggerOf({ ...bound, ...fields })
  };
}
function write(level, msg, fields = {}) {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(lowestLevel())) return;
  const line = toLine(Object.assign({ level, msg }, fields, { level, msg }));
  if (process.env["AWS_LAMBDA_LOG_FORMAT"] === "JSON") console[level](JSON.parse(line));
  else console.log(line);
}
function lowestLevel() {
  const wanted = process.env["SES_LAMBDA_PIPELINE_LOG_LEVEL"]?.toLowerCase();
  return LEVELS.find((level) => level === wanted) ?? "info";
}
function toLine(entry) {
  try {
    return JSON.stringify(entry, toJson);
  } catch (error) {
    return JSON.stringify({ level: entry["level"], msg: entry["msg"], unloggable: String(error) });
  }
}
function toJson(_key, value) {
  if (value instanceof Error) return String(value);
  return typeof value === "bigint" ? value.toString() : value;
}

// src/lambda/message-body-error.ts
var MessageBodyError = class extends Error {
  name = "MessageBodyError";
  kind;
  constructor(kind, message, options) {
    super(message, options);
    this.kind = kind;
  }
};

// src/lambda/ses-event.ts
function parseSesEvent(event) {
  const records = field(event, "Records");
  if (!Array.isArray(records)) throw notSes("Records is not a list");
  for (const [index, record] of records.entries()) checkRecord(record, \`Records[\${index}]\`);
  return event;
}
function checkRecord(record, at) {
  const source = field(record, "eventSource");
  if (source !== "aws:ses")
    throw notSes(
      field(record, "EventSource") === "aws:sns" ? \`\${at} came through SNS, not from a Lambda action of a receipt rule\` : \`\${at}.eventSource is not "aws:ses"\`
    );
  const ses = field(record, "ses");
  const mail = field(ses, "mail");
  const receipt = field(ses, "receipt");
  for (const name of ["messageId", "source"])
    if (typeof field(mail, name) !== "string") throw notSes(\`\${at}.ses.mail.\${name} is not a string\`);
  if (field(mail, "messageId") === "") throw notSes(\`\${at}.ses.mail.messageId is empty\`);
  const recipients = field(receipt, "recipients");
  if (!Array.isArray(recipients) || !recipients.every((recipient) => typeof recipient === "string"))
    throw notSes(\`\${at}.ses.receipt.recipients is not a list of addresses\`);
}
function field(value, name) {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? value[name] : void 0;
}
function notSes(what) {
  return new Error(\`This is not an SES event: \${what}.\`);
}

// src/lambda/deadline.ts
var MARGIN_SHARE = 0.1;
var MAX_MARGIN_MS = 500;
function deadlineOf({ getRemainingTimeInMillis }, limitMs = Number.POSITIVE_INFINITY) {
  const controller = new AbortController();
  const { signal } = controller;
  const leftMs = Math.min(getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY, limitMs);
  if (!Number.isFinite(leftMs)) return { signal, clear: () => {
  } };
  const marginMs = Math.min(leftMs * MARGIN_SHARE, MAX_MARGIN_MS);
  const reason = Object.assign(new Error("The time of this invocation is nearly over."), { name: "TimeoutError" });
  const timer = setTimeout(() => controller.abort(reason), leftMs - marginMs);
  return { signal, clear: () => clearTimeout(timer) };
}

// src/lambda/disposition.ts
var DISPOSITIONS = ["CONTINUE", "STOP_RULE", "STOP_RULE_SET"];
function dispositionOf(answer, whose) {
  const disposition = DISPOSITIONS.find((known) => known === answer);
  if (disposition !== void 0) return disposition;
  const what = typeof answer === "string" ? JSON.stringify(answer) : typeof answer;
  throw new TypeError(\`\${whose} answered \${what} to a RequestResponse invocation; answer \${DISPOSITIONS.join(", ")}.\`);
}
function strongest(dispositions) {
  return DISPOSITIONS.findLast((disposition) => dispositions.includes(disposition)) ?? "CONTINUE";
}

// src/lambda/message.ts
var import_consumers = require("node:stream/consumers");

// src/lambda/encoded-words.ts
var WORD = String.raw\`=\\?[^\\s?]+\\?[bq]\\?[^\\s?]*\\?=\`;
var RUN = new RegExp(String.raw\`\${WORD}(?:\\s+\${WORD})*\`, "gi");
var PARTS = /=\\?([^\\s?*]+)(?:\\*[^\\s?]*)?\\?([bq])\\?([^\\s?]*)\\?=/gi;
function decodeWords(text) {
  return text.replaceAll(RUN, (run) => {
    try {
      return joined(partsOf(run)).map(({ charset, bytes }) => new TextDecoder(charset).decode(bytes)).join("");
    } catch {
      return run;
    }
  });
}
function partsOf(run) {
  return [...run.matchAll(PARTS)].map(([, charset = "", encoding = "", text = ""]) => ({
    charset: charset.toLowerCase(),
    bytes: encoding.toLowerCase() === "b" ? Buffer.from(text, "base64") : fromQ(text)
  }));
}
function joined(parts) {
  const whole = [];
  for (const part of parts) {
    const last = whole.at(-1);
    if (last?.charset === part.charset)
      whole[whole.length - 1] = { ...part, bytes: Buffer.concat([last.bytes, part.bytes]) };
    else whole.push(part);
  }
  return whole;
}
function fromQ(text) {
  const characters = text.replaceAll("_", " ").replaceAll(/=([0-9a-f]{2})/gi, (_match, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(characters, "latin1");
}

// src/lambda/parsed-mail.ts
async function parseMail(raw) {
  const { default: PostalMime } = await loadParser();
  const mail = await PostalMime.parse(raw, { attachmentEncoding: "arraybuffer" });
  const [from] = mailboxes(mail.from === void 0 ? [] : [mail.from]);
  return {
    headers: mail.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
    to: mailboxes(mail.to),
    cc: mailboxes(mail.cc),
    replyTo: mailboxes(mail.replyTo),
    ...present({ from, subject: mail.subject, date: mail.date, text: mail.text, html: mail.html }),
    attachments: mail.attachments.map(({ filename, mimeType, disposition, contentId, content }) => ({
      contentType: mimeType,
      ...present({ filename, disposition, contentId: contentId?.replaceAll(/^<|>$/g, "") }),
      content: typeof content === "string" ? Buffer.from(content) : new Uint8Array(content)
    }))
  };
}
function loadParser() {
  return import("postal-mime").catch((cause) => {
    throw new Error(
      "message.parse() needs the package postal-mime in the code of the function: npm install postal-mime, and bundle it or pack node_modules.",
      { cause }
    );
  });
}
function mailboxes(addresses = []) {
  return addresses.flatMap((entry) => entry.group ?? [entry]).map(({ name, address }) => ({ name, address }));
}
function present(members) {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== void 0 && value !== null)
  );
}

// src/lambda/s3-body.ts
function s3Body(messageId, discover2, signal) {
  const firstFound = async (ask) => {
    const tried = [];
    let cause;
    for (const place of placesOf(messageId, discover2())) {
      try {
        return await ask(place);
      } catch (error) {
        const status = missingStatus(error);
        if (status === void 0) throw error;
        tried.push(\`s3://\${place.Bucket}/\${place.Key} (\${status})\`);
        cause = error;
      }
    }
    throw new MessageBodyError("missing", nowhere(messageId, tried), { cause });
  };
  return {
    head: () => firstFound(async (place) => {
      const { client, sdk } = await s3();
      return headOf(place, await client.send(new sdk.HeadObjectCommand(place), { abortSignal: signal }));
    }),
    open: () => firstFound(async (place) => {
      const { client, sdk } = await s3();
      const answer = await client.send(new sdk.GetObjectCommand(place), { abortSignal: signal });
      return { head: headOf(place, answer), stream: answer.Body };
    })
  };
}
function placesOf(messageId, discovery) {
  return bucketsOf(discovery).flatMap(
    (bucket) => objectKeys(bucket, messageId).map((Key) => ({ Bucket: bucket.Ref, Key }))
  );
}
function headOf({ Bucket, Key }, found) {
  return { bucket: Bucket, key: Key, sizeBytes: found.ContentLength ?? 0, metadata: found.Metadata ?? {} };
}
function missingStatus(error) {
  if (!(error instanceof Error) || error.name === "InvalidObjectState") return void 0;
  const { $metadata } = error;
  return [403, 404].find((status) => status === $metadata?.httpStatusCode);
}
function nowhere(messageId, tried) {
  if (tried.length === 0) return \`The body of message \${messageId} is nowhere: the discovery lists no bucket.\`;
  const hint = tried.some((place) => place.endsWith("(403)")) ? " 403 also means that the role may not read there: it needs s3:GetObject on \${bucket.arnAllKeys}." : "";
  return \`The body of message \${messageId} is not at \${tried.join(", ")}.\${hint}\`;
}
var loaded;
function s3() {
  return loaded ??= import("@aws-sdk/client-s3").then(
    (sdk) => ({ sdk, client: new sdk.S3Client({}) }),
    (cause) => {
      loaded = void 0;
      throw new Error("@aws-sdk/client-s3 cannot be loaded. Lambda has it; elsewhere: npm install @aws-sdk/client-s3", {
        cause
      });
    }
  );
}

// src/lambda/test-message.ts
var import_node_stream = require("node:stream");
var RAW = /* @__PURE__ */ Symbol.for("ses-lambda-pipeline/raw-message");
function withRawMessage(record, raw) {
  return Object.defineProperty(record, RAW, { value: raw, enumerable: false });
}
function testBody(record) {
  const raw = Reflect.get(record, RAW);
  if (!(raw instanceof Uint8Array)) return void 0;
  const { messageId } = record.ses.mail;
  const head = { bucket: "test-event", key: messageId, sizeBytes: raw.byteLength, metadata: {} };
  return {
    head: () => Promise.resolve(head),
    open: () => Promise.resolve({ head, stream: import_node_stream.Readable.from([Buffer.from(raw)]) })
  };
}

// src/lambda/message.ts
var MEGABYTE = 1024 * 1024;
var MAX_BODY_BYTES = 40 * MEGABYTE;
var PARSED_SHARE = 1 / 32;
function messageOf(record, discover2, signal) {
  const { mail, receipt } = record.ses;
  const { messageId } = mail;
  const stored = testBody(record) ?? s3Body(messageId, discover2, signal);
  const open = async (maxBytes) => {
    const { head, stream } = await stored.open();
    if (head.sizeBytes <= maxBytes) return stream;
    stream.destroy();
    throw new MessageBodyError(
      "tooLarge",
      \`Message \${messageId} has \${head.sizeBytes} bytes and at most \${maxBytes} are read; give a larger maxBytes, and the function the memory for it.\`
    );
  };
  return {
    messageId,
    subject: subjectOf(mail),
    mail,
    receipt,
    head: stored.head,
    body: ({ maxBytes = MAX_BODY_BYTES } = {}) => open(maxBytes),
    parse: async ({ maxBytes = parsedLimitBytes() } = {}) => parseMail(await (0, import_consumers.buffer)(await open(maxBytes)))
  };
}
function subjectOf({ commonHeaders }) {
  return commonHeaders?.subject === void 0 ? void 0 : decodeWords(commonHeaders.subject);
}
function parsedLimitBytes() {
  const memoryMb = Number(process.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] ?? Number.NaN);
  const limitBytes = memoryMb * MEGABYTE * PARSED_SHARE;
  return limitBytes < MAX_BODY_BYTES ? limitBytes : MAX_BODY_BYTES;
}

// src/lambda/once.ts
function createOnce(maxKeys) {
  const runs = /* @__PURE__ */ new Map();
  const start = (key, work) => {
    const run = work();
    runs.set(key, run);
    run.catch(() => {
      if (runs.get(key) === run) runs.delete(key);
    });
    for (const oldest of runs.keys()) {
      if (runs.size <= maxKeys) break;
      runs.delete(oldest);
    }
    return run;
  };
  return async (key, work) => {
    if (key === void 0) return { answer: await work(), repeated: false };
    for (let run = runs.get(key); run !== void 0; run = runs.get(key)) {
      const earlier = await run.then(
        (answer) => ({ answer }),
        () => void 0
      );
      if (earlier !== void 0) return { ...earlier, repeated: true };
    }
    return { answer: await start(key, work), repeated: false };
  };
}

// src/lambda/ses-handler.ts
var REMEMBERED_MESSAGES = 1e3;
var SES_WAITS_MS = 3e4;
function sesHandler(options) {
  const { invocationType = "Event" } = options;
  const work = { ...options, invocationType, once: createOnce(REMEMBERED_MESSAGES) };
  return async (event, lambda = {}) => {
    const { Records: records } = parseSesEvent(event);
    const { signal, clear } = deadlineOf(lambda, invocationType === "Event" ? void 0 : SES_WAITS_MS);
    const results = [];
    try {
      for (const record of records) results.push(await handleRecord(record, work, lambda, signal));
    } finally {
      clear();
    }
    const failures = results.flatMap((result) => result.kind === "failed" ? [result.error] : []);
    if (failures.length > 0) throw oneError(failures, records.length);
    if (invocationType === "Event") return void 0;
    return { disposition: strongest(results.flatMap((result) => result.kind === "answered" ? [result.with] : [])) };
  };
}
async function handleRecord(record, work, lambda, signal) {
  const message = messageOf(record, discover, signal);
  const ids = { messageId: message.messageId, requestId: lambda.awsRequestId };
  const context = {
    get discovery() {
      return discover();
    },
    log: log.child(ids),
    signal,
    lambda
  };
  const onAbort = () => context.log.warn("The time of this invocation is nearly over; this message is not done");
  warnOfMismatch(record, work, context.log);
  try {
    signal.throwIfAborted();
    signal.addEventListener("abort", onAbort);
    const { idempotencyKey = byMessageId } = work;
    const { answer, repeated } = await work.once(
      idempotencyKey(message),
      async () => resultOf(await work.onMessage(message, context), "onMessage", work)
    );
    if (repeated) context.log.info("This instance has handled the message already; it is left out");
    return answer;
  } catch (error) {
    context.log.error("The message failed", { error, stack: error instanceof Error ? error.stack : void 0 });
    return await afterFailure(error, message, context, work);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
async function afterFailure(error, message, context, work) {
  if (work.onError === void 0) return { kind: "failed", error };
  try {
    const answer = await work.onError(error, message, context);
    if (work.invocationType === "RequestResponse") return resultOf(answer, "onError", work);
    return answer === "DROP" ? { kind: "done" } : { kind: "failed", error };
  } catch (second) {
    context.log.error("onError failed too", { error: second });
    return { kind: "failed", error };
  }
}
function resultOf(answer, whose, { invocationType }) {
  return invocationType === "Event" ? { kind: "done" } : { kind: "answered", with: dispositionOf(answer, whose) };
}
var byMessageId = ({ messageId }) => messageId;
function warnOfMismatch({ ses }, { invocationType }, log2) {
  const actual = ses.receipt.action?.invocationType;
  if (actual === void 0 || actual === invocationType) return;
  const consequence = actual === "Event" ? "SES does not wait for its disposition" : "SES goes on after a failure, and nobody tries again";
  log2.warn(\`The rule invokes as \${actual} a handler made for \${invocationType}: \${consequence}\`);
}
function oneError(failures, total) {
  if (failures.length === 1) return failures[0];
  return new AggregateError(
    failures,
    \`\${failures.length} of \${total} messages failed: \${failures.map(String).join("; ")}\`
  );
}

// src/lambda/test-event.ts
var import_node_crypto = require("node:crypto");

// src/lambda/raw-headers.ts
var MAX_HEADERS_BYTES = 10 * 1024;
function headersOf(raw) {
  const [block = ""] = raw.toString("utf8").split(/\\r?\\n\\r?\\n/, 1);
  const lines = block.replaceAll(/\\r?\\n([ \\t])/g, "$1").split(/\\r?\\n/);
  return lines.flatMap((line) => {
    const [, name, value] = /^([!-9;-~]+)[ \\t]*:(.*)$/.exec(line) ?? [];
    return name === void 0 || value === void 0 ? [] : [{ name, value: value.trim() }];
  });
}
function withinLimit(headers) {
  let leftBytes = MAX_HEADERS_BYTES;
  const end = headers.findIndex(({ name, value }) => {
    leftBytes -= Buffer.byteLength(\`\${name}: \${value}\\r
\`);
    return leftBytes < 0;
  });
  return { kept: headers.slice(0, end === -1 ? void 0 : end), truncated: end !== -1 };
}
function commonHeadersOf(headers) {
  const all = (wanted) => headers.flatMap(({ name, value }) => name.toLowerCase() === wanted ? [value] : []);
  const addresses = (wanted) => {
    const found2 = all(wanted).flatMap(listed);
    return found2.length === 0 ? void 0 : found2;
  };
  const found = {
    returnPath: all("return-path")[0]?.replaceAll(/^<|>$/g, ""),
    from: addresses("from"),
    date: all("date")[0],
    to: addresses("to"),
    cc: addresses("cc"),
    bcc: addresses("bcc"),
    sender: all("sender")[0],
    replyTo: addresses("reply-to"),
    messageId: all("message-id")[0],
    subject: all("subject")[0]
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== void 0));
}
function bareAddresses(entries) {
  return entries.map((entry) => /<([^<>]*)>\\s*$/.exec(entry)?.[1] ?? entry.trim());
}
function listed(value) {
  let depth = 0;
  let quoted = false;
  const parts = [""];
  for (const [token] of value.matchAll(/\\\\.?|[^\\\\]/gsu)) {
    if (token === '"') quoted = !quoted;
    if (!quoted && (token === "(" || token === "<")) depth += 1;
    if (!quoted && (token === ")" || token === ">")) depth -= 1;
    if (token === "," && !quoted && depth <= 0) parts.push("");
    else parts.push((parts.pop() ?? "") + token);
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

// src/lambda/test-event.ts
var REGION = "us-east-1";
var FUNCTION_ARN = \`arn:aws:lambda:\${REGION}:123456789012:function:test\`;
var CLIENT = "mail.example.com (mail.example.com [192.0.2.1])";
function testEvent(rawMessage, overrides = {}) {
  const sent = Buffer.from(rawMessage);
  const written = headersOf(sent);
  const { messageId = randomMessageId(), receivedAt = /* @__PURE__ */ new Date(), source = sourceOf(written) } = overrides;
  const recipients = overrides.recipients ?? destinationOf(written);
  const raw = isStored(written) ? sent : withTrace(sent, { source, messageId, recipients, receivedAt });
  const headers = headersOf(raw);
  const { kept, truncated } = withinLimit(headers);
  const timestamp = receivedAt.toISOString();
  const record = {
    eventSource: "aws:ses",
    eventVersion: "1.0",
    ses: {
      mail: {
        timestamp,
        source,
        messageId,
        destination: destinationOf(headers),
        headersTruncated: truncated,
        headers: kept,
        commonHeaders: commonHeadersOf(headers)
      },
      receipt: {
        timestamp,
        processingTimeMillis: 0,
        recipients,
        spamVerdict: { status: "PASS" },
        virusVerdict: { status: "PASS" },
        spfVerdict: { status: "GRAY" },
        dkimVerdict: { status: "GRAY" },
        dmarcVerdict: { status: "GRAY" },
        ...overrides.receipt,
        action: { type: "Lambda", functionArn: FUNCTION_ARN, invocationType: "Event", ...overrides.action }
      }
    }
  };
  return { Records: [withRawMessage(record, raw)] };
}
var isStored = ([first]) => first?.name.toLowerCase() === "return-path";
function sourceOf(headers) {
  const { returnPath, from = [] } = commonHeadersOf(headers);
  return returnPath ?? bareAddresses(from)[0] ?? "";
}
function destinationOf(headers) {
  const { to = [], cc = [] } = commonHeadersOf(headers);
  return bareAddresses([...to, ...cc]);
}
function withTrace(sent, { source, messageId, recipients, receivedAt }) {
  const lines = [
    \`Return-Path: <\${source}>\`,
    \`Received: from \${CLIENT}\`,
    \` by inbound-smtp.\${REGION}.amazonaws.com with ESMTPS id \${messageId}\`,
    \` for \${recipients[0] ?? ""};\`,
    \` \${receivedAt.toUTCString().replace("GMT", "+0000")} (UTC)\`
  ].map((line) => \`\${line.replaceAll(/[\\r\\n]/g, "")}\\r
\`);
  return Buffer.concat([Buffer.from(lines.join("")), sent]);
}
function randomMessageId() {
  return BigInt(\`0x\${(0, import_node_crypto.randomBytes)(25).toString("hex")}\`).toString(32).padStart(40, "0");
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  MessageBodyError,
  bucketOf,
  discover,
  log,
  objectKeys,
  parseSesEvent,
  sesHandler,
  testEvent
});
`;
