// The part of a log that is held as elements: chunks of lines in a scrolling box, each with its positions in the log, and
// behind them the lines that have not ended yet.

import { h, put } from "./dom.js";
import { lineKey } from "./logline.js";

const CHUNK = 500;
const MOST_LINES = 4000;
// A chunk this near to what is in sight stays, however long it is: it would be fetched again at once.
const MARGIN = 2000;

/** A window on a log. `build(line, key)` makes a line's element. */
export function logWindow({ build, onscroll }) {
  const element = h("div", { class: "lines", tabindex: "0", role: "log", "aria-live": "off", "aria-label": "Log", onscroll });
  const open = h("div", { class: "chunk open" });
  let chunks = [];

  element.append(open);

  const isFarAbove = chunk => chunk.element.getBoundingClientRect().bottom < element.getBoundingClientRect().top - MARGIN;
  const isFarBelow = chunk => chunk.element.getBoundingClientRect().top > element.getBoundingClientRect().bottom + MARGIN;
  const length = () => chunks.reduce((sum, chunk) => sum + chunk.lines.length, 0);

  function fill(chunk, lines) {
    for (const line of lines) {
      // Lines that were written at once have one time; their places tell them apart.
      const last = chunk.lines.at(-1);
      chunk.place = last && last[0] === line[0] && last[1] === line[1] ? chunk.place + 1 : 0;
      chunk.lines.push(line);
      chunk.element.append(build(line, lineKey(line, chunk.place)));
    }
  }

  function make({ lines, before, after, isStart }) {
    const chunk = { lines: [], place: 0, before, after, isStart, element: h("div", { class: "chunk" }) };
    fill(chunk, lines);
    return chunk;
  }

  function remove(chunk) {
    chunk.element.remove();
    chunks = chunks.filter(each => each !== chunk);
  }

  return {
    element,
    get first() { return chunks[0]; },
    get last() { return chunks.at(-1); },
    get isEmpty() { return length() === 0 && !open.firstChild; },
    get isFull() { return length() > MOST_LINES; },
    isAtEnd: () => element.scrollHeight - element.scrollTop - element.clientHeight < 24,
    toEnd() { element.scrollTop = element.scrollHeight; },
    clear() {
      chunks = [];
      put(open);
      element.replaceChildren(open);
    },
    /** Adds an answer behind the others. */
    append(answer) {
      const last = chunks.at(-1);
      if (last && last.lines.length + answer.lines.length <= CHUNK) {
        fill(last, answer.lines);
        last.after = answer.after ?? last.after;
      } else {
        const chunk = make(answer);
        chunks.push(chunk);
        open.before(chunk.element);
      }
    },
    /** Adds an answer before the others; what is in sight stays where it is. */
    prepend(answer) {
      const height = element.scrollHeight;
      const top = element.scrollTop;
      const chunk = make(answer);
      chunks.unshift(chunk);
      element.prepend(chunk.element);
      element.scrollTop = top + element.scrollHeight - height;
    },
    /** Shows the lines that have not ended yet instead of those before. */
    setOpen(lines = []) {
      put(open, lines.map(line => build(line, "")));
    },
    /** Drops far chunks from the start while there are too many lines. */
    dropFirst() {
      while (chunks.length > 1 && length() > MOST_LINES && isFarAbove(chunks[0])) {
        const { scrollHeight: height, scrollTop: top } = element;
        remove(chunks[0]);
        element.scrollTop = top - (height - element.scrollHeight);
      }
    },
    /** Drops far chunks from the end while there are too many lines, and tells whether there were any. */
    dropLast() {
      let hasDropped = false;
      while (chunks.length > 1 && length() > MOST_LINES && isFarBelow(chunks.at(-1))) {
        remove(chunks.at(-1));
        hasDropped = true;
      }
      return hasDropped;
    },
    /** The element of the line with this key, or at least of its node and time. With `match` its place counts only lines that contain that. */
    find(key, match = "") {
      const [base, place = "0"] = key.split("~");
      const found = [];
      for (const { lines, element: box } of chunks) {
        lines.forEach((line, index) => {
          if (lineKey(line) === base && line[4].toLowerCase().includes(match.toLowerCase())) found.push(box.children[index]);
        });
      }
      return found[Number(place)] ?? found[0];
    },
  };
}
