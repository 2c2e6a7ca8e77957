// What a terminal would show of a line, and its colours.

import { h } from "./dom.js";

const PLAIN = Object.freeze({});
const HAS_CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/;
// A control sequence, a string such as a window's title, another escape, a control character, or text without any.
const TOKENS = /(?:\x1b\[|\x9b)([0-9;:<=>?]*)[ -/]*([@-~])|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?|([\x00-\x08\x0a-\x1f\x7f-\x9f])|([^\x00-\x08\x0a-\x1f\x7f-\x9f]+)/g;
const MOST_COLUMNS = 100_000;

/** The runs of a line's text that look alike, `{text, style}`, as a terminal would show them at last. */
export function parse(line) {
  if (!HAS_CONTROLS.test(line)) return [{ text: line, style: PLAIN }];
  const cells = [];
  let column = 0;
  let style = PLAIN;
  // A `\r` at the end only belongs to the end of the line.
  for (const [, values, final, control, text] of line.replace(/\r+$/, "").matchAll(TOKENS)) {
    if (text !== undefined) {
      for (const character of text) {
        while (cells.length < column) cells.push({ character: " ", style: PLAIN });
        cells[column++] = { character, style };
      }
    } else if (control === "\r") column = 0;
    else if (control === "\b") column = Math.max(0, column - 1);
    else if (final === "m") style = restyle(style, values);
    else if (final === "K") erase(cells, column, values);
    else if (final === "G") column = Math.min(Math.max(0, Number(values || 1) - 1), MOST_COLUMNS);
    else if (final === "C") column = Math.min(column + Number(values || 1), MOST_COLUMNS);
    else if (final === "D") column = Math.max(0, column - Number(values || 1));
    if (Number.isNaN(column)) column = cells.length;
  }
  return join(cells);
}

function erase(cells, column, values) {
  if (values === "2") cells.length = 0;
  else if (values === "1") for (let index = 0; index <= column && index < cells.length; index++) cells[index] = { character: " ", style: PLAIN };
  else cells.length = Math.min(cells.length, column);
}

function join(cells) {
  const runs = [];
  for (const { character, style } of cells) {
    const last = runs.at(-1);
    if (last && last.style === style) last.text += character;
    else runs.push({ text: character, style });
  }
  return runs;
}

const FLAGS = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };
const ENDS = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["strike"] };

function restyle(old, values) {
  const style = { ...old };
  const codes = values.split(/[;:]/).map(Number);
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index];
    if (code === 0 || Number.isNaN(code)) for (const key of Object.keys(style)) delete style[key];
    else if (FLAGS[code]) style[FLAGS[code]] = true;
    else if (ENDS[code]) ENDS[code].forEach(flag => delete style[flag]);
    else if (code >= 30 && code <= 37) style.color = code - 30;
    else if (code >= 90 && code <= 97) style.color = code - 82;
    else if (code >= 40 && code <= 47) style.ground = code - 40;
    else if (code >= 100 && code <= 107) style.ground = code - 92;
    else if (code === 39) delete style.color;
    else if (code === 49) delete style.ground;
    else if (code === 38 || code === 48) {
      const [color, length] = extended(codes.slice(index + 1));
      if (color !== null) style[code === 38 ? "color" : "ground"] = color;
      index += length;
    }
  }
  return Object.keys(style).length ? style : PLAIN;
}

// A colour of the 256, as its number below 16 and else as CSS has it, or one of three bytes.
function extended([form, ...rest]) {
  const byte = value => Math.min(Math.max(Number(value) || 0, 0), 255);
  if (form === 2) return [`rgb(${byte(rest[0])}, ${byte(rest[1])}, ${byte(rest[2])})`, 4];
  if (form !== 5) return [null, 1];
  const number = byte(rest[0]);
  if (number < 16) return [number, 2];
  if (number >= 232) return [`rgb(${Array(3).fill(8 + (number - 232) * 10).join(", ")})`, 2];
  const level = value => (value ? 55 + value * 40 : 0);
  const cube = number - 16;
  return [`rgb(${level(Math.floor(cube / 36))}, ${level(Math.floor(cube / 6) % 6)}, ${level(cube % 6)})`, 2];
}

/** A line's runs as nodes of text and spans, with the parts that contain `needle`, in any case, marked. */
export function render(runs, needle = "") {
  const matches = find(runs.map(run => run.text).join(""), needle);
  const nodes = [];
  let start = 0;
  for (const { text, style } of runs) {
    const inner = mark(text, start, matches);
    start += text.length;
    if (style === PLAIN) nodes.push(...inner);
    else nodes.push(styled(style, inner));
  }
  return nodes;
}

function find(text, needle) {
  const matches = [];
  if (!needle) return matches;
  const pattern = new RegExp(needle.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "giu");
  for (const match of text.matchAll(pattern)) matches.push([match.index, match.index + match[0].length]);
  return matches;
}

function mark(text, start, matches) {
  const nodes = [];
  let at = 0;
  for (const [from, to] of matches) {
    const first = Math.max(from - start, at);
    const last = Math.min(to - start, text.length);
    if (last <= first) continue;
    if (first > at) nodes.push(text.slice(at, first));
    nodes.push(h("mark", {}, text.slice(first, last)));
    at = last;
  }
  if (at < text.length) nodes.push(text.slice(at));
  return nodes;
}

function styled(style, children) {
  const { color, ground, ...flags } = style;
  const names = Object.keys(flags).map(flag => `ansi-${flag}`);
  if (typeof color === "number") names.push(`ansi-${color}`);
  if (typeof ground === "number") names.push(`ansi-on-${ground}`);
  const element = h("span", { class: names.join(" ") || null }, children);
  if (typeof color === "string") element.style.color = color;
  if (typeof ground === "string") element.style.backgroundColor = ground;
  return element;
}
