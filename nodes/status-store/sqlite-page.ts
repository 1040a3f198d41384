/**
 * One page of an SQLite file as far as it is a part of a table (SQLite's "Database File Format", 1.6 and 2), read
 * without SQLite, for files that it cannot make sense of any more. Nothing in a page is trusted.
 */

export type SqliteValue = string | number | null;

export interface SqliteRow {
  id: number;
  /** A blob is read as null. */
  values: SqliteValue[];
}

const LEAF = 13;
const INTERIOR = 5;
const LEAF_HEADER = 8;
const INTERIOR_HEADER = 12;
const MOST_COLUMNS = 100;

export class SqlitePage {
  private readonly start: number;
  private readonly cells: number;

  /** @param number from 1; the first page begins with the header of the file */
  constructor(
    private readonly bytes: Buffer,
    number: number,
  ) {
    this.start = number === 1 ? 100 : 0;
    this.cells = bytes.readUInt16BE(this.start + 3);
  }

  /** How many rows it says to have; 0 for any other page. */
  get rows(): number {
    return this.bytes[this.start] === LEAF && this.hasRoomFor(LEAF_HEADER) ? this.cells : 0;
  }

  /** Undefined for one that is damaged, or so long that a part stands elsewhere. */
  row(index: number): SqliteRow | undefined {
    try {
      const payload = this.varint(this.cellAt(LEAF_HEADER, index));
      const id = this.varint(payload.end);
      if (payload.value > this.bytes.length - 35) return undefined;
      return { id: id.value, values: this.record(id.end, id.end + payload.value) };
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** The pages below, of a page that holds no rows itself. */
  children(): number[] {
    if (this.bytes[this.start] !== INTERIOR || !this.hasRoomFor(INTERIOR_HEADER)) return [];
    const found = [this.bytes.readUInt32BE(this.start + 8)];
    for (let index = 0; index < this.cells; index++) {
      const at = this.cellAt(INTERIOR_HEADER, index);
      if (at + 4 <= this.bytes.length) found.push(this.bytes.readUInt32BE(at));
    }
    return found;
  }

  private hasRoomFor(header: number): boolean {
    return this.start + header + 2 * this.cells <= this.bytes.length;
  }

  private cellAt(header: number, index: number): number {
    return this.bytes.readUInt16BE(this.start + header + 2 * index);
  }

  /** @throws RangeError where it leaves the row */
  private record(start: number, end: number): SqliteValue[] {
    const header = this.varint(start);
    const values: SqliteValue[] = [];
    let body = start + header.value;
    for (let at = header.end; at < start + header.value;) {
      const type = this.varint(at);
      at = type.end;
      const size = sizeOf(type.value);
      if (body + size > end || values.length >= MOST_COLUMNS) throw new RangeError("no record");
      values.push(this.value(type.value, body, size));
      body += size;
    }
    return values;
  }

  private value(type: number, at: number, size: number): SqliteValue {
    if (type === 8 || type === 9) return type - 8;
    if (type === 7) return this.bytes.readDoubleBE(at);
    if (type === 6) return Number(this.bytes.readBigInt64BE(at));
    if (type >= 1 && type <= 5) return this.bytes.readIntBE(at, size);
    return type >= 13 && type % 2 === 1 ? this.bytes.toString("utf8", at, at + size) : null;
  }

  /** Up to nine bytes, seven bits each but for the last. @throws RangeError at the end of the page */
  private varint(at: number): { value: number; end: number } {
    let value = 0;
    for (let count = 0; count < 9; count++) {
      const byte = this.bytes.readUInt8(at + count);
      value = count === 8 ? value * 256 + byte : value * 128 + (byte & 0x7f);
      if (byte < 0x80 || count === 8) return { value, end: at + count + 1 };
    }
    throw new RangeError("no number");
  }
}

/** By serial type: nothing, whole numbers of 1, 2, 3, 4, 6 and 8 bytes, a fraction, 0, 1, then blobs and texts. */
const SIZES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function sizeOf(type: number): number {
  const fixed = SIZES[type];
  if (fixed !== undefined) return fixed;
  if (type < 12) throw new RangeError("no type");
  return Math.floor((type - 12) / 2);
}
