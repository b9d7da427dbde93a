import type { SedEvent } from '../port.ts';
import { makeEvent, type ReportContext } from './event-parts.ts';
import { readDay, readMoment, wallClock } from './message-dates.ts';
import { readTasks, type TaskExecutor, type TaskInfo } from './tasks.ts';
import { normalUid, subjectOf } from './uids.ts';
import { attr, children, type XmlNode } from './xml.ts';

/**
 * `Consideration@TaskID`: one event for each executor of the resolution, the responsible ones first.
 * Subject: task UID + executor. A resolution without executors, or not in TaskList, is one event.
 */
export function considerationEvents(context: ReportContext): readonly SedEvent[] {
  const tasks = readTasks(context.root);
  return firstOfEachTask(context, 'Consideration').flatMap(({ node, taskId }) => {
    const task = tasks.get(taskId);
    if (task === undefined) return unlisted(context, 'consideration', taskId);
    const initialTaskUid = attr(node, 'InitialTaskUID');
    const facts = { ...task.facts, initialTaskUid: initialTaskUid && normalUid(initialTaskUid) };
    const at = readMoment(task.signDate, context.zone);
    if (task.executors.length === 0)
      return [makeEvent(context, 'consideration', subjectOf(task.key), at, facts)];
    return responsibleFirst(task).map((executor) =>
      makeEvent(context, 'consideration', subjectOf(task.key, ...executor.key), at, {
        ...facts,
        executor: executorFacts(executor),
      }),
    );
  });
}

/**
 * `Report@TaskID`: one event for each executor of the task who has reported (text, date or state).
 * Subject: task UID + executor + time of the report, for an executor may report again.
 */
export function taskReportEvents(context: ReportContext): readonly SedEvent[] {
  const tasks = readTasks(context.root);
  return firstOfEachTask(context, 'Report').flatMap(({ taskId }) => {
    const task = tasks.get(taskId);
    if (task === undefined) return unlisted(context, 'report', taskId);
    const reported = responsibleFirst(task).filter(hasReport);
    if (reported.length === 0)
      return [makeEvent(context, 'report', subjectOf(task.key), undefined, task.facts)];
    return reported.map((executor) =>
      makeEvent(
        context,
        'report',
        subjectOf(task.key, ...executor.key, wallClock(executor.reportDate)),
        readMoment(executor.reportDate, context.zone),
        {
          ...task.facts,
          executor: executorFacts(executor),
          reportText: executor.reportText,
          reportDate: readDay(executor.reportDate),
          reportStatus: executor.reportStatus,
        },
      ),
    );
  });
}

/** The СЭД names a task once for each executor; all of them are read at the first. */
function firstOfEachTask(context: ReportContext, name: string): readonly { node: XmlNode; taskId: string }[] {
  const first = new Map<string, XmlNode>();
  for (const node of children(context.notification, name)) {
    const taskId = attr(node, 'TaskID');
    if (taskId !== undefined && !first.has(taskId)) first.set(taskId, node);
  }
  return [...first].map(([taskId, node]) => ({ taskId, node }));
}

function unlisted(context: ReportContext, kind: SedEvent['kind'], taskId: string): readonly SedEvent[] {
  return [makeEvent(context, kind, subjectOf(taskId), undefined, { taskId })];
}

/** Two records of one executor are one event: the responsible one must win. */
function responsibleFirst(task: TaskInfo): readonly TaskExecutor[] {
  return [...task.executors].sort((a, b) => Number(b.responsible) - Number(a.responsible));
}

function hasReport(executor: TaskExecutor): boolean {
  return (
    executor.reportText !== undefined ||
    executor.reportDate !== undefined ||
    executor.reportStatus !== undefined
  );
}

function executorFacts(executor: TaskExecutor) {
  return {
    ...(executor.uid === undefined ? {} : { uid: executor.uid }),
    responsible: executor.responsible,
    ...executor.contact,
  };
}
