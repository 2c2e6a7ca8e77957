// One line of a log.

import { parse, render } from "./ansi.js";
import { h, put } from "./dom.js";
import { absolute, clock } from "./time.js";

const MOST_LETTERS = 20_000;
const COLOURS = 8;
// The numbers from which a node's processes are other than ranks, as Documentation/Agent.md has them.
const PROCESSES = [[5000, "launcher"], [10_000, "program"], [19_999, "agent"], [20_000, "service"], [25_000, "cluster"], [30_000, "file"]];

/** What a line is known by in addresses: its node, its time, and its place among lines of one node and time. */
export function lineKey([time, node], place) {
  return place ? `${node}.${time}~${place}` : `${node}.${time}`;
}

/** The time of a line's key; NaN for what is none. */
export function timeOf(key) {
  return Number(/^\d+\.(\d+(?:\.\d+)?)(?:~\d+)?$/.exec(key)?.[1] ?? NaN);
}

/** Who wrote a line, in short: `n2 r0` is rank 0 on node 2. */
export function writer([, node, process], hasNodes) {
  return [hasNodes && `n${node}`, process > 0 && processName(process, "r")].filter(Boolean).join(" ");
}

function processName(process, rank) {
  if (process < PROCESSES[0][0]) return `${rank}${process - 1}`;
  return PROCESSES.findLast(([first]) => process >= first)[1];
}

/** A line's element. `link` is its address, `text` what was searched for, `hasNodes` shows who wrote it. */
export function lineElement(line, { key, link, text, hasNodes, title }) {
  const [time, node, process, stream, content] = line;
  const who = writer(line, hasNodes);
  const words = `node ${node}${process === 0 ? "" : `, ${processName(process, "rank ")}`}`;
  return h("div", { class: stream === "err" ? "line err" : "line", "data-line": key },
    h("a", { class: "line-time", href: link, title: `${absolute(time)}\n${title}`, tabindex: "-1" }, clock(time)),
    (who || hasNodes) && h("span", { class: `who c${node % COLOURS}`, title: words }, who),
    h("span", { class: "line-stream", title: stream === "err" ? "standard error" : null }, stream === "err" ? "err" : ""),
    content.length > MOST_LETTERS ? long(content, text) : h("span", { class: "line-text" }, render(parse(content), text)));
}

function long(content, text) {
  const element = h("span", { class: "line-text" });
  const whole = () => put(element, render(parse(content), text));
  put(element, render(parse(content.slice(0, MOST_LETTERS)), text),
    h("button", { type: "button", onclick: whole }, `… ${(content.length - MOST_LETTERS).toLocaleString("en")} more letters`));
  return element;
}
