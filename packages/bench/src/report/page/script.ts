/** What the page does: sorts, filters, compares with another baseline, says what a mark of a picture stands for. */
export const SCRIPT = `
const table = document.getElementById('grid');
const body = table.tBodies[0];
const heads = [...table.tHead.rows[0].cells];
const valueOf = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
};
const compare = (x, y) => (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'en', { numeric: true }));
heads.forEach((head, column) => {
  head.firstElementChild.addEventListener('click', () => {
    const numbers = [...body.rows].some((row) => row.cells[column].dataset.value !== undefined);
    const former = head.getAttribute('aria-sort');
    const down = former ? former === 'ascending' : numbers;
    for (const other of heads) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const empty = (row) => numbers && row.cells[column].dataset.value === undefined;
    const rows = [...body.rows].sort((a, b) => empty(a) - empty(b) || (down ? -1 : 1) * compare(valueOf(a, column), valueOf(b, column)));
    body.append(...rows);
  });
});

const search = document.getElementById('filter');
const choices = [...document.querySelectorAll('select[data-column]')];
const count = document.getElementById('count');
const filter = () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const row of body.rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word)) || !choices.every(({ value, dataset }) => value === '' || row.cells[dataset.column].textContent === value);
    shown += row.hidden ? 0 : 1;
  }
  count.textContent = shown === body.rows.length ? '' : shown + ' of ' + body.rows.length + ' rows';
};
search.addEventListener('input', filter);
for (const choice of choices) choice.addEventListener('change', filter);

const baseline = document.getElementById('baseline');
if (baseline) {
  const { figures, differences } = JSON.parse(document.getElementById('comparison').textContent);
  baseline.addEventListener('change', () => {
    for (const row of body.rows) {
      figures.forEach((column, f) => {
        const cell = row.cells[column];
        cell.querySelector('small')?.remove();
        const found = differences[baseline.value][row.dataset.row]?.[f];
        if (!found) return;
        const small = document.createElement('small');
        [small.textContent, small.className] = found;
        cell.append(small);
      });
    }
  });
}

const tip = document.getElementById('tip');
const say = (event) => {
  const mark = event.target.closest?.('figure svg [role="graphics-symbol"][aria-label]');
  tip.hidden = !mark;
  if (!mark) return;
  tip.textContent = mark.getAttribute('aria-label');
  tip.style.left = Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8) + 'px';
  tip.style.top = Math.max(8, event.clientY - tip.offsetHeight - 8) + 'px';
};
document.addEventListener('pointermove', say);
document.addEventListener('pointerdown', say);
addEventListener('beforeprint', () => { for (const part of document.querySelectorAll('details')) part.open = true; });
`;
