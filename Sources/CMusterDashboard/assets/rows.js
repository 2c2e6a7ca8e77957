// A list of which only the rows in sight are elements, so that its length costs nothing.

import { h } from "./dom.js";

const SPARE = 8;
// Browsers cannot make elements of any height; beyond this the list scrolls in larger steps.
const MOST_PIXELS = 8_000_000;

let lists = 0;

/**
 * A scrolling list of rows of one height. `build(index)` makes a row's element, `open(index, event)` is what Enter does.
 * `element` is the list, `update(count)` shows it anew, `select(index)` moves the mark, `key(event)` handles a key.
 */
export function rows({ label, height, build, open = () => {}, onShown = () => {}, header = null }) {
  const id = `rows${++lists}`;
  const body = h("div", { class: "rows-body", role: "rowgroup" });
  const element = h("div", {
    class: "rows", role: "grid", tabindex: "0", "aria-label": label, onscroll: () => show(), onkeydown: key,
  }, header, body);
  let total = 0;
  let selected = -1;
  let isQueued = false;
  let version = 0;
  let isPressed = false;
  const built = new Map();

  const headerHeight = () => header?.offsetHeight ?? 0;
  const viewHeight = () => Math.max(element.clientHeight - headerHeight(), height);
  const scale = () => Math.max(1, (total * height) / MOST_PIXELS);

  function show() {
    if (isQueued) return;
    isQueued = true;
    requestAnimationFrame(() => { isQueued = false; draw(); });
  }

  function draw() {
    const top = element.scrollTop * scale();
    const first = Math.max(0, Math.floor(top / height) - SPARE);
    const last = Math.min(total, Math.ceil((top + viewHeight()) / height) + SPARE);
    const shift = top - element.scrollTop;
    for (const [index, row] of built) {
      if (index >= first && index < last && (row.version === version || refresh(index, row))) continue;
      row.element.remove();
      built.delete(index);
    }
    for (let index = first; index < last; index++) place(index, shift);
    onShown(first, last);
  }

  function make(index) {
    const made = build(index);
    made.classList.add("row");
    made.id = `${id}-${index}`;
    made.setAttribute("role", "row");
    made.setAttribute("aria-rowindex", String(index + 1));
    made.style.height = `${height}px`;
    return made;
  }

  // A row that shows the same stays, and so does one on which a button is held down: its click is to arrive.
  function refresh(index, row) {
    if (isPressed) return true;
    const made = make(index);
    made.style.transform = row.element.style.transform;
    made.classList.toggle("selected", row.element.classList.contains("selected"));
    if (!made.isEqualNode(row.element)) return false;
    row.version = version;
    return true;
  }

  function place(index, shift) {
    let row = built.get(index);
    if (!row) {
      row = { element: make(index), version };
      built.set(index, row);
      body.append(row.element);
    }
    row.element.classList.toggle("selected", index === selected);
    row.element.style.transform = `translateY(${index * height - shift}px)`;
  }

  function update(count) {
    total = count;
    version++;
    if (selected >= total) selected = total - 1;
    body.style.height = `${Math.min(total * height, MOST_PIXELS)}px`;
    element.setAttribute("aria-rowcount", String(total));
    draw();
  }

  function select(index) {
    if (total === 0) return;
    selected = Math.min(Math.max(index, 0), total - 1);
    element.setAttribute("aria-activedescendant", `${id}-${selected}`);
    const top = element.scrollTop * scale();
    if (selected * height < top) element.scrollTop = (selected * height) / scale();
    else if ((selected + 1) * height > top + viewHeight()) {
      element.scrollTop = ((selected + 1) * height - viewHeight()) / scale();
    }
    draw();
  }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(viewHeight() / height) - 1);
    const moves = {
      j: selected + 1, ArrowDown: selected + 1, k: selected - 1, ArrowUp: selected - 1,
      Home: 0, End: total - 1, PageDown: selected + page, PageUp: selected - page,
    };
    if (event.key in moves) select(moves[event.key]);
    else if (event.key === "Enter" && selected >= 0 && !event.target.closest("a, button, input, select")) open(selected, event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const release = () => setTimeout(() => { isPressed = false; show(); });
  element.addEventListener("pointerdown", () => { isPressed = true; });
  window.addEventListener("pointerup", release);
  window.addEventListener("pointercancel", release);

  function close() {
    watcher.disconnect();
    window.removeEventListener("pointerup", release);
    window.removeEventListener("pointercancel", release);
  }

  const watcher = new ResizeObserver(() => show());
  watcher.observe(element);
  return { element, update, select, key, redraw: () => { version++; draw(); }, close };
}

/** A cell of a row. */
export function cell(name, ...children) {
  return h("span", { class: `cell ${name}`, role: "gridcell" }, ...children);
}

/** The header of a list. */
export function heads(name, titles) {
  return h("div", { class: `row head ${name}`, role: "row" },
    Object.entries(titles).map(([key, title]) => h("span", { class: `cell ${key}`, role: "columnheader" }, title)));
}
