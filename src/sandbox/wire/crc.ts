import { crc32 } from 'node:zlib';

/** The cyclic redundancy checks that S3 clients send, big-endian. Node has the first one only. */

export function crc32Of(bytes: Uint8Array): Buffer {
  return bigEndian(crc32(bytes));
}

/** Castagnoli's polynomial, reflected. */
const CRC32C = table32(0x82f63b78);

export function crc32cOf(bytes: Uint8Array): Buffer {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC32C[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return bigEndian((crc ^ 0xffffffff) >>> 0);
}

/** The polynomial of the NVM Express specification, reflected, in two halves: 64-bit numbers are slow in JavaScript. */
const CRC64_NVME = table64(0x9a6c9329, 0xac4bc9b5);

export function crc64NvmeOf(bytes: Uint8Array): Buffer {
  let high = 0xffffffff;
  let low = 0xffffffff;
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (CRC64_NVME.low[index] ?? 0);
    high = (high >>> 8) ^ (CRC64_NVME.high[index] ?? 0);
  }
  return Buffer.concat([bigEndian((high ^ 0xffffffff) >>> 0), bigEndian((low ^ 0xffffffff) >>> 0)]);
}

function table32(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let crc = index;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ polynomial;
    return crc;
  });
}

function table64(
  polynomialHigh: number,
  polynomialLow: number,
): { readonly high: Uint32Array; readonly low: Uint32Array } {
  const table = { high: new Uint32Array(256), low: new Uint32Array(256) };
  for (let index = 0; index < 256; index += 1) {
    let high = 0;
    let low = index;
    for (let bit = 0; bit < 8; bit += 1) {
      const odd = (low & 1) !== 0;
      low = ((low >>> 1) | (high << 31)) ^ (odd ? polynomialLow : 0);
      high = (high >>> 1) ^ (odd ? polynomialHigh : 0);
    }
    table.high[index] = high;
    table.low[index] = low;
  }
  return table;
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
