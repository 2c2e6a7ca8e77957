// Times and durations. The server's clock counts, because a browser's own may be wrong.

import { h } from "./dom.js";

let ahead = 0;
const ticking = new Set();

/** Learns the server's clock from an answer's `now`. */
export function setClock(now) {
  if (typeof now === "number") ahead = now - Date.now() / 1000;
}

/** The server's time in Unix seconds. */
export function now() {
  return Date.now() / 1000 + ahead;
}

/** A duration as people say it: 0.4s, 12s, 3m 05s, 2h 10m, 3d 4h. */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const value = Math.max(0, seconds);
  if (value < 9.95) return `${value.toFixed(1)}s`;
  const whole = Math.round(value);
  const two = number => String(number).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h ${two(Math.floor(whole / 60) % 60)}m`;
  return `${Math.floor(whole / 86400)}d ${Math.floor(whole / 3600) % 24}h`;
}

/** How long ago a time was. */
export function ago(time) {
  const passed = now() - time;
  if (passed < 5) return "just now";
  if (passed < 60) return `${Math.floor(passed)} s ago`;
  if (passed < 3600) return `${Math.floor(passed / 60)} min ago`;
  if (passed < 86400) return `${Math.floor(passed / 3600)} h ago`;
  if (passed < 86400 * 14) return `${Math.floor(passed / 86400)} d ago`;
  return new Date(time * 1000).toLocaleDateString("en-CA");
}

/** A time in full, in the reader's zone. */
export function absolute(time) {
  const date = new Date(time * 1000);
  const zone = date.toLocaleTimeString("en", { timeZoneName: "short" }).split(" ").pop();
  return `${date.toLocaleDateString("en-CA")} ${date.toLocaleTimeString("en-GB")} ${zone}`;
}

/** The time of day with tenths, as logs have it. */
export function clock(time) {
  const date = new Date(time * 1000);
  return `${date.toLocaleTimeString("en-GB")}.${Math.floor(date.getMilliseconds() / 100)}`;
}

/** An element with a time, as "3 min ago" with the full time as its tooltip. */
export function agoElement(time) {
  const element = h("time", { datetime: new Date(time * 1000).toISOString(), title: absolute(time) });
  return tick(element, `${time}`, () => ago(time));
}

/** An element with a duration, which goes on as long as there is no end. */
export function tookElement(started, ended) {
  const element = h("span", { class: "took" });
  if (typeof started !== "number") return element;
  if (typeof ended === "number") {
    element.textContent = duration(ended - started);
    element.dataset.tick = `${started} ${ended}`;
    return element;
  }
  return tick(element, `${started}`, () => duration(Math.floor(now() - started)));
}

function tick(element, key, text) {
  element.dataset.tick = key;
  element.textContent = text();
  ticking.add({ element, text, wasShown: false });
  return element;
}

function tickAll() {
  for (const each of ticking) {
    if (each.element.isConnected) each.wasShown = true;
    else if (each.wasShown) { ticking.delete(each); continue; }
    else { each.wasShown = true; continue; }
    const text = each.text();
    if (each.element.textContent !== text) each.element.textContent = text;
  }
}

setInterval(tickAll, 1000);
