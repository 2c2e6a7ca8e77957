// A run's graph as a picture.

import { count, svg } from "./dom.js";
import { layout } from "./layout.js";
import { TASK_STATES, iconPath, kind } from "./states.js";

const BOX = { width: 164, height: 60 };
const GAP = { along: 62, across: 26 };
const STACK = 5;
const MARGIN = 14;
const NAME_LENGTH = 13;
const LEAST_SCALE = 0.7;
const LEAST_PART = 4;

/**
 * Draws the graph. `counts` maps a step to its tasks by status, `nodes` to its tasks' nodes; `address(step)` is where a click
 * leads; `isWide` lets it run from left to right, and `room` is the
 * width that it should fit in.
 */
export function graph({ steps, counts, nodes, chosen, address, isWide, room }) {
  const { layers, edges } = layout(steps);
  const places = place(layers, isWide);
  const size = extent(places, edges, isWide);
  const byName = new Map(steps.map(step => [step.name, step]));
  const scale = Math.min(1, Math.max(room / size.width, LEAST_SCALE));
  return svg("svg", {
    class: "graph", viewBox: `0 0 ${size.width} ${size.height}`, width: size.width * scale, height: size.height * scale,
    role: "group", "aria-label": "Graph of the steps",
  },
    svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "7", markerHeight: "7",
      orient: "auto" }, svg("path", { d: "M0 0.5L7.5 4L0 7.5z", class: "arrow" }))),
    edges.map(edge => drawEdge(edge, places, isWide, size)),
    layers.flat().filter(vertex => !vertex.isBend).map(vertex => {
      const step = byName.get(vertex.name);
      return drawBox(step, places.get(vertex), {
        counts: counts.get(step.name) ?? {}, nodes: nodes.get(step.name) ?? 0,
        isStack: isStack(step, edges), isChosen: step.name === chosen, href: address(step.name),
      });
    }));
}

function isStack(step, edges) {
  return step.isGang || edges.some(edge => edge.to === step.name && (edge.kind === "foreach" || edge.kind === "nodes"));
}

function place(layers, isWide) {
  const along = (isWide ? BOX.width : BOX.height) + GAP.along - (isWide ? 0 : 14);
  const across = (isWide ? BOX.height : BOX.width) + GAP.across;
  const most = Math.max(...layers.map(layer => layer.length));
  const places = new Map();
  layers.forEach((layer, index) => layer.forEach(vertex => {
    const a = MARGIN + index * along;
    const b = MARGIN + (vertex.order + (most - 1) / 2) * across;
    places.set(vertex, isWide ? { x: a, y: b } : { x: b, y: a });
  }));
  return places;
}

function extent(places, edges, isWide) {
  const all = [...places].map(([vertex, { x, y }]) => (vertex.isBend ? { x: x - (isWide ? 0 : BOX.width / 2), y: y - (isWide ? BOX.height / 2 : 0) } : { x, y }));
  const loops = edges.some(edge => edge.isBack) ? 44 : 0;
  return {
    width: Math.max(...all.map(each => each.x)) + BOX.width + MARGIN + STACK + (isWide ? 0 : loops),
    height: Math.max(...all.map(each => each.y)) + BOX.height + MARGIN + STACK + (isWide ? loops : 0),
  };
}

function drawEdge(edge, places, isWide, size) {
  const path = edge.path.map(vertex => ({ ...places.get(vertex), isBend: vertex.isBend }));
  const shape = edge.isBack ? loop(path, isWide, size) : curve(path, isWide);
  const text = { foreach: "foreach", nodes: "nodes" }[edge.kind];
  return svg("g", { class: "edge" },
    svg("title", {}, `${edge.from} → ${edge.to}${text ? ` (${text})` : ""}${edge.isChoice ? " (a choice)" : ""}`),
    svg("path", { d: shape.d, class: edge.isChoice ? "line choice" : "line", "marker-end": "url(#arrow)" }),
    text && svg("text", { x: shape.label.x, y: shape.label.y, class: "edge-label" }, text));
}

function curve(path, isWide) {
  const side = BOX[isWide ? "height" : "width"] / 2;
  const exit = point => (isWide ? { x: point.x + BOX.width, y: point.y + side } : { x: point.x + side, y: point.y + BOX.height });
  const entry = point => (isWide ? { x: point.x, y: point.y + side } : { x: point.x + side, y: point.y });
  const stops = [exit(path[0])];
  for (const point of path.slice(1, -1)) stops.push(entry(point), exit(point));
  stops.push(entry(path.at(-1)));
  let d = `M${stops[0].x} ${stops[0].y}`;
  for (let index = 1; index < stops.length; index++) {
    const [from, to] = [stops[index - 1], stops[index]];
    const half = isWide ? (to.x - from.x) / 2 : (to.y - from.y) / 2;
    d += isWide
      ? `C${from.x + half} ${from.y} ${to.x - half} ${to.y} ${to.x} ${to.y}`
      : `C${from.x} ${from.y + half} ${to.x} ${to.y - half} ${to.x} ${to.y}`;
  }
  return { d, label: { x: (stops[0].x + stops[1].x) / 2, y: (stops[0].y + stops[1].y) / 2 - (isWide ? 7 : -4) } };
}

// A loop goes around the picture's far side.
function loop(path, isWide, size) {
  const [from, to] = [path[0], path.at(-1)];
  if (isWide) {
    const bottom = size.height - MARGIN;
    const [a, b] = [from.x + BOX.width * 0.6, to.x + BOX.width * 0.4];
    return { d: `M${a} ${from.y + BOX.height}C${a} ${bottom} ${b} ${bottom} ${b} ${to.y + BOX.height + 1}`, label: { x: (a + b) / 2, y: bottom } };
  }
  const right = size.width - MARGIN;
  const [a, b] = [from.y + BOX.height * 0.6, to.y + BOX.height * 0.4];
  return { d: `M${from.x + BOX.width} ${a}C${right} ${a} ${right} ${b} ${to.x + BOX.width + 1} ${b}`, label: { x: right, y: (a + b) / 2 } };
}

function drawBox(step, point, { counts, nodes, isStack: isPile, isChosen, href }) {
  const total = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const state = stateOf(counts);
  const words = describe(counts, total, nodes, step);
  const rectangle = (offset, name) => svg("rect", {
    x: offset, y: offset, width: BOX.width, height: BOX.height, rx: 8, class: name,
  });
  const title = [step.name, step.summary, ...named(counts), nodes > 1 && count(nodes, "node")].filter(Boolean).join("\n");
  return svg("a", {
    href, class: `box ${kind(state)}${isChosen ? " chosen" : ""}`, transform: `translate(${point.x} ${point.y})`,
    "data-step": step.name, "aria-label": `Step ${step.name}: ${[...named(counts)].join(", ") || "no task yet"}`,
  },
    svg("title", {}, title),
    isPile && [rectangle(STACK * 2, "sheet"), rectangle(STACK, "sheet")],
    rectangle(0, "face"),
    svg("path", { class: "box-icon", d: iconPath(state), transform: `translate(${BOX.width - 25} 9)` }),
    svg("text", { x: 12, y: 22, class: "box-name" }, shorten(step.name)),
    svg("text", { x: 12, y: 40, class: "box-words" }, words),
    bar(counts, total));
}

function bar(counts, total) {
  const width = BOX.width - 24;
  const states = TASK_STATES.filter(state => counts[state]);
  // Few failures among many tasks are to be seen, too.
  const free = width - LEAST_PART * states.length;
  let x = 12;
  return [svg("rect", { x, y: 47, width, height: 5, rx: 2.5, class: "bar-ground" })].concat(
    states.map(state => {
      const part = LEAST_PART + (counts[state] / total) * free;
      const element = svg("rect", { x, y: 47, width: part, height: 5, rx: 2, class: `bar-part ${kind(state)}` });
      x += part;
      return element;
    }));
}

function describe(counts, total, nodes, step) {
  const gang = nodes > 1 ? count(nodes, "node") : step.isGang ? "gang" : "";
  if (total === 0) return gang || "not started";
  if (total === 1) return [stateOf(counts), gang].filter(Boolean).join(" · ");
  const done = (counts.succeeded ?? 0) + (counts["taken over"] ?? 0) + (counts.caught ?? 0);
  const bad = counts.failed ?? 0;
  const parts = [bad ? `${bad.toLocaleString("en")} failed of ${total.toLocaleString("en")}`
    : done === total ? `${total.toLocaleString("en")} done` : `${done.toLocaleString("en")} of ${total.toLocaleString("en")}`];
  return [...parts, gang].filter(Boolean).join(" · ");
}

function named(counts) {
  return TASK_STATES.filter(state => counts[state]).map(state => `${counts[state].toLocaleString("en")} ${state}`);
}

/** The state that speaks for a step's tasks. */
export function stateOf(counts) {
  return TASK_STATES.find(state => counts[state]) ?? "";
}

function shorten(name) {
  const letters = [...name];
  return letters.length > NAME_LENGTH ? `${letters.slice(0, NAME_LENGTH - 1).join("")}…` : name;
}
