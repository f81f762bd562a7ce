// The rooms of a tree of sources and which imports which: a table and, with --svg FILE, a picture of it. A room is a folder, or a file
// beside the folders. A room stands one floor above the highest that it imports; rooms that import each other in a circle share a floor.
//   node scripts/structure.mjs
//   node scripts/structure.mjs --svg docs/structure.svg before=OTHER_CHECKOUT/lib after=lib
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';

/** Rooms by name, with what they hold and the names of the rooms they import. */
function readRooms(root) {
  /** @type {Map<string, {files: number, lines: number, imports: Set<string>}>} */
  const rooms = new Map();
  const roomOf = (file) => path.relative(root, file).replace(/\.ts$/, '').split(path.sep)[0];
  for (const entry of readdirSync(root, {recursive: true, encoding: 'utf8'}).filter((name) => name.endsWith('.ts'))) {
    const file = path.join(root, entry);
    const text = readFileSync(file, 'utf8');
    const name = roomOf(file);
    const room = rooms.get(name) ?? {files: 0, lines: 0, imports: new Set()};
    rooms.set(name, room);
    room.files++;
    room.lines += text.split('\n').length - 1;
    for (const {fileName} of ts.preProcessFile(text).importedFiles) {
      if (!fileName.startsWith('.')) continue;
      const target = roomOf(path.resolve(path.dirname(file), fileName));
      if (target !== name) room.imports.add(target);
    }
  }
  return rooms;
}

/** For each room, all that can be reached from it. */
function reachable(rooms) {
  const reached = new Map();
  for (const start of rooms.keys()) {
    const seen = new Set();
    const open = [start];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      for (const target of rooms.get(name)?.imports ?? []) {
        if (seen.has(target)) continue;
        seen.add(target);
        open.push(target);
      }
    }
    reached.set(start, seen);
  }
  return reached;
}

function analyse(root) {
  const rooms = readRooms(root);
  const reach = reachable(rooms);
  const together = (a, b) => a === b || (reach.get(a).has(b) && reach.get(b).has(a));
  const names = [...rooms.keys()].sort();
  const importsOf = (name) => rooms.get(name)?.imports ?? new Set();
  const circles = [];
  for (const name of names) {
    const circle = names.filter((other) => together(name, other));
    if (circle.length > 1 && circle[0] === name) circles.push(circle);
  }
  const floors = new Map();
  const floorOf = (name) => {
    const known = floors.get(name);
    if (known !== undefined) return known;
    const members = names.filter((other) => together(name, other));
    const below = members.flatMap((member) => [...importsOf(member)]).filter((other) => !together(name, other));
    const floor = Math.max(0, ...below.map((other) => floorOf(other) + 1));
    for (const member of members) floors.set(member, floor);
    return floor;
  };
  names.forEach(floorOf);
  const arrows = names.flatMap((from) =>
    [...importsOf(from)].map((to) => ({
      from,
      to,
      circular: together(from, to),
      // Whether another path leads there: drawn lightly, it says nothing new about the order.
      implied: [...importsOf(from)].some((via) => via !== to && !together(via, to) && reach.get(via).has(to)),
    })),
  );
  return {rooms, names, circles, floors, arrows};
}

function table({rooms, names, circles, floors, arrows}) {
  const height = Math.max(...floors.values()) + 1;
  const lines = [`${names.length} rooms on ${height} floors, ${arrows.length} arrows, ${circles.length} circles`];
  for (const circle of circles) lines.push(`circle: ${circle.join(', ')}`);
  lines.push('', '| floor | room | files | lines | imports |', '|---|---|---|---|---|');
  for (const name of names.toSorted((a, b) => floors.get(b) - floors.get(a) || a.localeCompare(b))) {
    const {files, lines: count, imports} = rooms.get(name);
    lines.push(`| ${floors.get(name)} | ${name} | ${files} | ${count} | ${[...imports].sort().join(', ')} |`);
  }
  return lines.join('\n');
}

const [BOX, GAP, ROW, HEAD, MARGIN] = [{width: 118, height: 36}, 18, 80, 84, 24];

/** Rooms of each floor in an order that keeps arrows short: each moves towards the middle of those it is joined to, again and again. */
function arrange({names, floors, arrows}, width) {
  const rows = [];
  for (const name of names) (rows[floors.get(name)] ??= []).push(name);
  const step = BOX.width + GAP;
  const x = new Map(rows.flatMap((row) => row.map((name, k) => [name, width / 2 + (k - (row.length - 1) / 2) * step])));
  for (let round = 0; round < 24; round++) {
    for (const row of round % 2 === 0 ? rows : rows.toReversed()) {
      const wish = new Map(
        row.map((name) => {
          const joined = arrows.filter(({from, to, implied}) => !implied && (from === name || to === name));
          const places = joined.map(({from, to}) => x.get(from === name ? to : from));
          return [name, places.length === 0 ? x.get(name) : places.reduce((a, b) => a + b, 0) / places.length];
        }),
      );
      row.sort((a, b) => wish.get(a) - wish.get(b));
      // Where they wish to be, pushed apart to the right, then all of them back by the mean of that; inside of the picture.
      const places = [];
      for (const name of row) places.push(Math.max(wish.get(name), (places.at(-1) ?? -Infinity) + step));
      const pushed = row.reduce((sum, name, k) => sum + places[k] - wish.get(name), 0) / row.length;
      const [left, right] = [step / 2, width - step / 2];
      const shift = Math.min(Math.max(-pushed, left - places[0]), right - places[row.length - 1]);
      row.forEach((name, k) => x.set(name, places[k] + shift));
    }
  }
  return {rows, x};
}

/** One tree as a picture: floors from the top down, arrows from a room to what it imports. */
function panel(title, house, width) {
  const {rooms, names, circles, arrows} = house;
  const {rows, x} = arrange(house, width);
  const y = new Map(rows.flatMap((row, floor) => row.map((name) => [name, HEAD + (rows.length - 1 - floor) * ROW])));
  const circular = circles.length === 0 ? 'no circles' : `circles ${circles.map((circle) => circle.join(' – ')).join(', ')}`;
  const arrow = ({from, to, circular: inCircle, implied}) => {
    const kind = inCircle ? 'circle' : implied ? 'implied' : 'next';
    const [x1, x2] = [x.get(from), x.get(to)];
    if (y.get(from) === y.get(to)) {
      // Along a floor: to the right over the rooms, to the left under them.
      const side = x1 < x2 ? -1 : 1;
      const level = y.get(from) + (side * BOX.height) / 2;
      return `<path class="${kind}" d="M${x1} ${level}C${x1} ${level + 24 * side} ${x2} ${level + 24 * side} ${x2} ${level}"/>`;
    }
    const [y1, y2] = [y.get(from) + BOX.height / 2, y.get(to) - BOX.height / 2];
    const bend = (y2 - y1) / 2;
    return `<path class="${kind}" d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/>`;
  };
  const box = (name) => {
    const {files, lines} = rooms.get(name);
    const left = x.get(name) - BOX.width / 2;
    const what = `${files === 1 ? '' : `${files} files, `}${lines} lines`;
    return (
      `<rect x="${left}" y="${y.get(name) - BOX.height / 2}" width="${BOX.width}" height="${BOX.height}" rx="5"/>` +
      `<text class="name" x="${x.get(name)}" y="${y.get(name) - 2}">${name}</text><text x="${x.get(name)}" y="${y.get(name) + 12}">${what}</text>`
    );
  };
  const drawn = ['implied', 'next', 'circle'].flatMap((kind) =>
    arrows.map(arrow).filter((drawing) => drawing.includes(`"${kind}"`)),
  );
  return {
    height: HEAD + rows.length * ROW - BOX.height,
    text: [
      `<text class="title" x="${BOX.width / 2}" y="24">${title}</text>`,
      `<text class="facts" x="${BOX.width / 2}" y="44">${names.length} rooms, ${arrows.length} arrows, ${circular}</text>`,
      ...drawn,
      ...names.map(box),
    ].join('\n'),
  };
}

const STYLE = `
text { font: 10px sans-serif; fill: #555; text-anchor: middle }
.name { font: bold 12px sans-serif; fill: #111 }
.title { font: bold 16px sans-serif; fill: #111; text-anchor: start }
.facts { font: 12px sans-serif; fill: #111; text-anchor: start }
rect { fill: #fff; stroke: #456; stroke-width: 1.2 }
path { fill: none; stroke-width: 1; marker-end: url(#tip) }
.next { stroke: #456 }
.implied { stroke: #456; stroke-opacity: 0.16 }
.circle { stroke: #c22; stroke-width: 1.6 }`;

/** The trees side by side. */
function picture(houses) {
  let left = MARGIN;
  let height = 0;
  const panels = houses.map(({title, house}) => {
    const counts = house.names.map(
      (name) => house.names.filter((other) => house.floors.get(other) === house.floors.get(name)).length,
    );
    const width = Math.max(...counts) * (BOX.width + GAP);
    const {height: own, text} = panel(title, house, width);
    const placed = `<g transform="translate(${left} 0)">\n${text}\n</g>`;
    left += width + MARGIN;
    height = Math.max(height, own + 2 * MARGIN);
    return placed;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left} ${height}" width="${left}" height="${height}">
<style>${STYLE}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z" style="fill: context-stroke; stroke: none"/></marker></defs>
<rect width="${left}" height="${height}" style="stroke: none"/>
${panels.join('\n')}
<text class="facts" x="${MARGIN}" y="${height - 12}">An arrow points at what is imported. Light: the dark ones already lead there. Red: part of a circle.</text>
</svg>
`;
}

const words = process.argv.slice(2);
const at = words.indexOf('--svg');
const file = at < 0 ? '' : words.splice(at, 2)[1];
const houses = (words.length === 0 ? ['lib'] : words).map((word) => {
  const cut = word.indexOf('=');
  const folder = word.slice(cut + 1);
  if (!statSync(folder, {throwIfNoEntry: false})?.isDirectory()) throw new Error(`there is no folder ${folder}`);
  return {title: cut < 0 ? folder : word.slice(0, cut), house: analyse(folder)};
});
for (const {title, house} of houses) console.log(`${title}: ${table(house)}\n`);
if (file !== '') writeFileSync(file, picture(houses));
