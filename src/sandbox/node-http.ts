/**
 * `createServer` of `node:http`. To import that as a module loads Node's whole fetch with it (measured on Node 24: 45 ms
 * of the 300 that a start may take), which nothing here uses.
 */
export const { createServer } = process.getBuiltinModule('node:http');
