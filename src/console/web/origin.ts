import type { FastifyRequest } from 'fastify';

/**
 * Whether a request that changes something was made by another site's page. Browsers say so themselves, though only by
 * TLS or on this very machine; else the page's origin is compared with the address that was asked, or the public one.
 */
export function isForeign(request: FastifyRequest, publicUrl?: string): boolean {
  const site = request.headers['sec-fetch-site'];
  if (typeof site === 'string') return site !== 'same-origin' && site !== 'none';
  const { origin } = request.headers;
  // No browser: there is no session that it could bring against its user's will.
  if (origin === undefined) return false;
  const host = hostOf(origin);
  return host === undefined || (host !== request.host && host !== hostOf(publicUrl ?? ''));
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}
