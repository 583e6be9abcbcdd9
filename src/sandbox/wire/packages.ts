import type * as Xml from 'fast-xml-parser';
import type * as Zip from 'fflate';
import { createRequire } from 'node:module';
import type * as Smtp from 'smtp-server';

// Loaded where they are first used, and not as modules: a quarter of the processor time of a start (measured on Node 24).
const load = createRequire(import.meta.url);

/** As a module it would bring Node's whole fetch with it, as `node:http` does; see ../node-http.ts. */
export const smtpServer = () => load('smtp-server') as typeof Smtp;

export const xmlParser = () => load('fast-xml-parser') as typeof Xml;

export const zip = () => load('fflate') as typeof Zip;
