import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { ResolvedConfig } from '../../config/load.ts';

/** Where somebody shows us a certificate. */
export interface TlsPlace {
  readonly host: string;
  readonly port: number;
}

export interface SeenCertificate extends TlsPlace {
  /** Absent: it could not be looked at. */
  readonly validTo?: Date;
}

const WAIT_MS = 5000;

/** All places of the settings that are reached by TLS from its first byte. */
export function tlsPlaces(config: Pick<ResolvedConfig, 'platform' | 'archives' | 'smtp'>): TlsPlace[] {
  const urls = [config.platform.baseUrl, ...config.archives.map(({ baseUrl }) => baseUrl)];
  const places = urls.flatMap((text) => {
    const { protocol, hostname, port } = new URL(text);
    return protocol === 'https:'
      ? [{ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port === '' ? 443 : port) }]
      : [];
  });
  const { smtp } = config;
  const all = smtp?.secure === true ? [...places, { host: smtp.host, port: smtp.port }] : places;
  return [...new Map(all.map((place) => [`${place.host}:${place.port}`, place])).values()];
}

/** Until when the certificate of a place is valid; trusted or not is no question here. Never rejects. */
export async function seeCertificate({ host, port }: TlsPlace): Promise<SeenCertificate> {
  // An address is no server name (RFC 6066).
  const name = isIP(host) === 0 ? { servername: host } : {};
  const { promise, resolve } = Promise.withResolvers<Date | undefined>();
  const socket = connect({ host, port, ...name, rejectUnauthorized: false, timeout: WAIT_MS }, () => {
    const validTo = new Date(socket.getPeerCertificate().valid_to);
    resolve(Number.isNaN(validTo.getTime()) ? undefined : validTo);
  });
  const giveUp = () => resolve(undefined);
  socket.on('error', giveUp).on('timeout', giveUp).on('close', giveUp);
  // A peer that sends byte after byte never times out.
  const timer = setTimeout(giveUp, WAIT_MS);
  const validTo = await promise;
  clearTimeout(timer);
  socket.destroy();
  return { host, port, ...(validTo === undefined ? {} : { validTo }) };
}
