/**
 * A «scanned paper» of one A4 page: lines where text would be, a stamp and a signature, drawn, for the fonts that
 * every reader has know no Cyrillic. Another paper for another seed.
 */
export function makePdf(seed: number): Buffer {
  const content = drawPage(seed);
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
  ];
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const tableAt = text.length;
  text += `xref\n0 ${size}\n0000000000 65535 f \n${table}`;
  text += `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${tableAt}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

function drawPage(seed: number): string {
  const step = (index: number, range: number) => ((seed + 1) * 7919 + index * 104_729) % range;
  const lines = ['0.95 0.94 0.9 rg 0 0 595 842 re f', '0.25 0.27 0.32 RG 3 w'];
  lines.push(`200 760 m ${380 + step(0, 60)} 760 l S`, '1.2 w');
  for (let row = 0; row < 22; row += 1) {
    const y = 710 - row * 22;
    let x = 70;
    for (let word = 0; x < 500 - step(row, 90); word += 1) {
      const width = 14 + step(row * 31 + word, 58);
      lines.push(`${x} ${y} m ${Math.min(525, x + width)} ${y} l S`);
      x += width + 8;
    }
  }
  const stampX = 380 + step(3, 60);
  lines.push('0.16 0.3 0.66 RG 2 w', circle(stampX, 150, 48), circle(stampX, 150, 38));
  lines.push('0.1 0.12 0.4 RG 1.5 w');
  lines.push(`90 150 m 120 ${190 + step(5, 30)} 140 ${110 - step(6, 30)} 210 160 c S`);
  return lines.join('\n');
}

function circle(x: number, y: number, radius: number): string {
  const k = Math.round(radius * 0.5523);
  return [
    `${x + radius} ${y} m`,
    `${x + radius} ${y + k} ${x + k} ${y + radius} ${x} ${y + radius} c`,
    `${x - k} ${y + radius} ${x - radius} ${y + k} ${x - radius} ${y} c`,
    `${x - radius} ${y - k} ${x - k} ${y - radius} ${x} ${y - radius} c`,
    `${x + k} ${y - radius} ${x + radius} ${y - k} ${x + radius} ${y} c S`,
  ].join(' ');
}
