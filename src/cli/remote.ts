import { z } from 'zod';
import { journey } from '../console/api/routes/appeals.ts';
import { delivery } from '../console/api/routes/deliveries.ts';
import type { Journey } from '../console/journey.ts';
import type { ResendOutcome } from '../registration/commands.ts';
import type { DeliveryFilter, DeliveryRow } from '../replies/commands.ts';
import { callApi } from './api-client.ts';

/** What `--api` does instead of the database: the same results, through a daemon. @throws what `callApi` throws */

export async function remoteJourneys(api: string, posId: string): Promise<Journey[]> {
  const { journeys } = await callApi(api, {
    method: 'GET',
    path: `/appeals/${encodeURIComponent(posId)}`,
    answer: z.object({ journeys: z.array(journey) }),
  });
  return journeys.map((one) => ({
    ...one,
    receivedAt: new Date(one.receivedAt),
    answerAt: one.answerAt === null ? null : new Date(one.answerAt),
    changes: one.changes.map((change) => ({ ...change, at: new Date(change.at) })),
    journal: one.journal.map((entry) => ({ ...entry, at: new Date(entry.at) })),
  }));
}

/** A delivery as the API shows it: not what it carries. */
export type RemoteDelivery = Omit<DeliveryRow, 'payload'>;

/** Deliveries, newest first; 200 at most. */
export async function remoteDeliveries(api: string, filter: DeliveryFilter): Promise<RemoteDelivery[]> {
  const { items } = await callApi(api, {
    method: 'GET',
    path: '/deliveries',
    query: { state: filter.state, error: filter.code, posId: filter.posId, limit: filter.limit },
    answer: z.object({ items: z.array(delivery) }),
  });
  return items.map((item) => ({ ...item, createdAt: new Date(item.createdAt) }));
}

/** Sends deliveries again; gives their numbers. */
export async function remoteResend(api: string, filter: DeliveryFilter, why: string): Promise<string[]> {
  const { resent } = await callApi(api, {
    method: 'POST',
    path: '/deliveries/resend',
    body: { id: filter.id, error: filter.code, why },
    answer: z.object({ resent: z.array(z.string()) }),
  });
  return resent;
}

/** Cancels a delivery. @throws Fault API_NOT_FOUND when there is none that waits */
export async function remoteCancel(api: string, id: string, why: string): Promise<boolean> {
  const { cancelled } = await callApi(api, {
    method: 'POST',
    path: `/deliveries/${id}/cancel`,
    body: { why },
    answer: z.object({ cancelled: z.boolean() }),
  });
  return cancelled;
}

/** Sends an appeal's card again. @throws Fault API_NOT_FOUND when nobody knows it */
export async function remoteResendCards(api: string, posId: string): Promise<ResendOutcome[]> {
  const { outcomes } = await callApi(api, {
    method: 'POST',
    path: `/appeals/${encodeURIComponent(posId)}/resend`,
    body: { why: 'команда' },
    answer: z.object({
      outcomes: z.array(
        z.object({
          posId: z.string(),
          cabinet: z.string(),
          action: z.enum(['again', 'corrected', 'nothing']),
        }),
      ),
    }),
  });
  return outcomes;
}
