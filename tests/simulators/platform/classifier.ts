export interface Subject {
  readonly id: string;
  readonly name: string;
  readonly children: readonly { readonly id: string; readonly name: string }[];
}

// «Освещение» and «Уборка снега» stand under several categories on purpose: a name is no key there.
const OUTLINE: readonly (readonly [string, ...string[]])[] = [
  ['Дороги', 'Ямы на проезжей части', 'Уборка снега', 'Дорожные знаки и разметка', 'Освещение'],
  ['Дворы и общественные территории', 'Освещение', 'Уборка снега', 'Детские площадки', 'Скамейки и урны'],
  ['Многоквартирные дома', 'Протечка кровли', 'Неисправность лифта', 'Уборка подъезда', 'Отопление'],
  ['Мусор', 'Переполненные контейнеры', 'Стихийная свалка', 'Плата за вывоз'],
  ['Водоснабжение', 'Нет воды', 'Плохое качество воды', 'Прорыв трубы'],
  ['Общественный транспорт', 'Нарушение расписания', 'Состояние остановки', 'Новый маршрут'],
  ['Здравоохранение', 'Запись к врачу', 'Лекарственное обеспечение', 'Работа регистратуры'],
  ['Образование', 'Место в детском саду', 'Школьное питание', 'Ремонт школы'],
  ['Социальная поддержка', 'Выплаты семьям с детьми', 'Доступная среда', 'Субсидии'],
  ['Парки и зелёные насаждения', 'Опасное дерево', 'Уборка снега', 'Покос травы'],
];

/** The simulated platform's categories and sub-categories. */
export const SUBJECTS: readonly Subject[] = OUTLINE.map(([name, ...subs], i) => ({
  id: String(101 + i),
  name,
  children: subs.map((sub, j) => ({ id: String((101 + i) * 100 + j + 1), name: sub })),
}));

export interface CategoryChoice {
  subjectId: string;
  subjectName: string;
  subsubjectId: string;
  subsubjectName: string;
}

/** Some category and sub-category, the same for the same number. */
export function pickCategory(n: number): CategoryChoice {
  const subject = SUBJECTS[n % SUBJECTS.length];
  const child = subject?.children[Math.floor(n / SUBJECTS.length) % subject.children.length];
  if (subject === undefined || child === undefined) throw new Error('the classifier is empty');
  return {
    subjectId: subject.id,
    subjectName: subject.name,
    subsubjectId: child.id,
    subsubjectName: child.name,
  };
}

/** The category that holds this sub-category id. */
export function categoryOf(subsubjectId: string): CategoryChoice | undefined {
  for (const subject of SUBJECTS) {
    const child = subject.children.find((c) => c.id === subsubjectId);
    if (child !== undefined) {
      return {
        subjectId: subject.id,
        subjectName: subject.name,
        subsubjectId: child.id,
        subsubjectName: child.name,
      };
    }
  }
  return undefined;
}
