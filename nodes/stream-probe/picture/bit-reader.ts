/**
 * Reads the bits of a NAL unit's payload (ITU-T H.264 §7.2, §9.1). Beyond the end every bit is 0: a parameter set that
 * breaks off gives wrong numbers, which their readers bound, and never an exception.
 */
export class BitReader {
  private position = 0;

  /** @param bytes without emulation prevention bytes */
  constructor(private readonly bytes: Uint8Array) {}

  get exhausted(): boolean {
    return this.position > this.bytes.length * 8;
  }

  bit(): number {
    const byte = this.bytes[this.position >> 3] ?? 0;
    return (byte >> (7 - (this.position++ & 7))) & 1;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    this.position += count;
  }

  /** Exp-Golomb code ue(v) */
  unsigned(): number {
    let zeros = 0;
    while (zeros < 32 && !this.exhausted && this.bit() === 0) zeros++;
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Exp-Golomb code se(v) */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 0 ? -(code / 2) : (code + 1) / 2;
  }
}

/** Takes out the 3 of each 0 0 3 (H.264 §7.4.1), which stands there so that no start code arises. */
export function withoutEmulationPrevention(nal: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}
