/** The fixed header of an RTP packet (RFC 3550 §5.1) and where its payload lies. */
export interface RtpPacket {
  payloadType: number;
  marker: boolean;
  sequence: number;
  timestamp: number;
  payload: Buffer;
}

/** @returns undefined when the bytes are no RTP packet */
export function parseRtp(bytes: Buffer): RtpPacket | undefined {
  if (bytes.length < 12) return undefined;
  const [first = 0, second = 0] = bytes;
  if (first >> 6 !== 2) return undefined;
  let start = 12 + (first & 15) * 4;
  if (first & 0x10) {
    if (bytes.length < start + 4) return undefined;
    start += 4 + bytes.readUInt16BE(start + 2) * 4;
  }
  // the last byte tells how many bytes of padding there are, itself included
  const padding = first & 0x20 ? (bytes[bytes.length - 1] ?? 0) : 0;
  const end = bytes.length - padding;
  if (start > end) return undefined;
  return {
    payloadType: second & 127,
    marker: second >> 7 === 1,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    payload: bytes.subarray(start, end),
  };
}
