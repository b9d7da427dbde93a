import type { Call } from './call.ts';
import { SUBJECTS } from './classifier.ts';
import { jsonReply, type Reply } from './reply.ts';
import { bareLists } from './wire.ts';

/** GET /inbox-service/subjects?page=&size= (contract, section 5); pages are counted from 0. */
export function subjectsRoute(call: Call): Reply {
  const query = new URLSearchParams(call.query);
  const page = Number(query.get('page') ?? '0');
  const size = Number(query.get('size') ?? '20');
  if (!Number.isInteger(page) || page < 0 || !Number.isInteger(size) || size < 1) {
    return jsonReply(422, {
      error: 'validation',
      details: [{ field: 'page', message: 'целые page и size' }],
    });
  }
  const content = SUBJECTS.slice(page * size, (page + 1) * size).map(({ id, name }) => ({ id, name }));
  const answer = { content, last: (page + 1) * size >= SUBJECTS.length };
  return jsonReply(200, call.state.settings.bareObject ? bareLists(answer) : answer);
}

/** GET /inbox-service/subsubjects/subject/{subjectId}/region/{regionId}: the same in every region. */
export function subsubjectsRoute(call: Call): Reply {
  const subject = SUBJECTS.find((s) => s.id === call.params[0]);
  if (subject === undefined) return jsonReply(404, { error: 'not_found' });
  const { children } = subject;
  return jsonReply(200, call.state.settings.bareObject && children.length === 1 ? children[0] : children);
}
