import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/*
 * A certificate for tests, made anew each time, so that no key lies in the tree: X.509 v3 (RFC 5280) in DER (X.690), as
 * much of both as one self-signed certificate for 127.0.0.1 needs.
 */

export interface SelfSigned {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;

const SEQUENCE = 0x30;
const SET = 0x31;
const OID = {
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  commonName: [0x55, 0x04, 0x03],
  basicConstraints: [0x55, 0x1d, 0x13],
  subjectAltName: [0x55, 0x1d, 0x11],
} as const;

/** A key and a certificate for 127.0.0.1 that signs itself, good from yesterday for a month. */
export function selfSigned(): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, oid(OID.ecdsaWithSha256));
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, oid(OID.commonName), der(0x0c, Buffer.from('posrednik test')))),
  );
  const now = Date.now();
  const validity = der(SEQUENCE, utcTime(now - DAY_MS), utcTime(now + 30 * DAY_MS));
  const isAuthority = der(SEQUENCE, der(0x01, Buffer.from([0xff])));
  const names = der(SEQUENCE, der(0x87, Buffer.from([127, 0, 0, 1])));
  const extensions = der(
    SEQUENCE,
    extension(OID.basicConstraints, isAuthority),
    extension(OID.subjectAltName, names),
  );
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = sign('sha256', body, privateKey);
  const whole = der(SEQUENCE, body, algorithm, der(0x03, Buffer.from([0]), signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{64}(?!$)/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}

/** Tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function oid(bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function extension(id: readonly number[], value: Buffer): Buffer {
  return der(SEQUENCE, oid(id), der(0x04, value));
}

function utcTime(ms: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}
