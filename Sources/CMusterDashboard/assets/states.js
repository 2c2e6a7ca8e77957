// What the states of runs, tasks, attempts and nodes look like: a colour, an icon and always the word.

import { h, svg } from "./dom.js";

const KINDS = {
  running: "running", starting: "waiting", joined: "waiting", waiting: "waiting", "not run": "idle",
  succeeded: "good", "taken over": "good", caught: "warned",
  failed: "bad", damaged: "bad",
  stopped: "still", cancelled: "still", interrupted: "warned",
};

const PATHS = {
  running: "M8 2.2a5.8 5.8 0 1 1-5.5 4",
  good: "M3.2 8.6l3.2 3.2 6.4-7.4",
  bad: "M4 4l8 8M12 4l-8 8",
  warned: "M8 2.6L14 13.2H2zM8 6.6v3M8 11.4v.1",
  still: "M4.5 4.5h7v7h-7z",
  waiting: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 5v3.2l2 1.4",
  idle: "M3.5 8h9",
};

/** The order in which counts by status are named and drawn. */
export const TASK_STATES = [
  "failed", "interrupted", "running", "waiting", "caught", "stopped", "succeeded", "taken over", "not run",
];

export const RUN_STATES = ["running", "succeeded", "failed", "cancelled", "interrupted", "damaged"];

/** The family of a state, which is its class: running, good, bad, warned, still, waiting or idle. */
export function kind(state) {
  return KINDS[state] ?? "idle";
}

/** A state's icon. */
export function icon(state) {
  const family = kind(state);
  return svg("svg", { class: `icon ${family}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", { d: PATHS[family] }));
}

/** The path of a state's icon, to draw inside another picture. */
export function iconPath(state) {
  return PATHS[kind(state)];
}

/** A state as icon and word. */
export function badge(state) {
  return h("span", { class: `state ${kind(state)}` }, icon(state), h("span", {}, state));
}

/** The sign of a state in a window's title. */
export function sign(state) {
  return { running: "▶", good: "✓", bad: "✗", warned: "!", still: "■" }[kind(state)] ?? "·";
}

/** Shows a state in the window's title and icon. */
export function setTitle(text, state) {
  document.title = `${state ? `${sign(state)} ` : ""}${text ? `${text} – ` : ""}Muster`;
  const names = { running: "-running", good: "-succeeded", bad: "-failed", warned: "-stopped", still: "-stopped" };
  const address = `/assets/favicon${names[kind(state)] ?? ""}.svg`;
  const link = document.getElementById("favicon");
  if (link.getAttribute("href") !== address) link.setAttribute("href", address);
}
