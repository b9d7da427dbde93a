/**
 * SQL of cards not answered yet whose first term in the СЭД is later than the platform's; `card` and `a` are their and
 * their appeals' aliases, `zone` the cabinet's IANA zone (contracts/sev.md, `Document/Control/Deadline`).
 */
export function lateTerms(card: string, zone: string): { readonly join: string; readonly where: string } {
  return {
    join: `JOIN LATERAL (SELECT e.data->>'deadline' AS day FROM sed_event e
      WHERE e.card_id = ${card}.id AND e.kind = 'deadline' AND e.data->>'registered' = 'true'
      ORDER BY coalesce(e.at, e.stored_at), e.id LIMIT 1) first ON true`,
    where: `a.stage = 'open' AND a.answer_at IS NOT NULL AND ${card}.stage = 'registered'
      AND first.day > to_char(a.answer_at AT TIME ZONE ${zone}, 'YYYY-MM-DD')
      AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.card_id = ${card}.id AND d.state = 'done'
        AND (d.kind = 'answer' OR d.payload->>'role' LIKE 'forward%'))`,
  };
}
