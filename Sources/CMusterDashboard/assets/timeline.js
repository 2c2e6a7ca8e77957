// A run's tasks over time, one row each.

import { change, go, page } from "./address.js";
import { count, h, put, throttled } from "./dom.js";
import { cell, rows } from "./rows.js";
import { TASK_STATES, icon, kind } from "./states.js";
import { absolute, duration, now } from "./time.js";

const ROW_HEIGHT = 24;
const HEAD_HEIGHT = 36;
const MOST_ROWS = 16;
const MOST_ZOOM = 20_000;
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400];

/** A timeline: `{element, search, key, set(run, tasks), choose(query), close()}`. */
export function timeline({ flow, run }) {
  let origin = 0;
  let end = 1;
  let isOver = false;
  let all = [];
  let shown = [];
  let choice = {};
  let zoom = null;

  const axis = h("div", { class: "axis", "aria-hidden": "true" });
  const head = h("div", { class: "row head task-row", role: "row" },
    h("span", { class: "cell task-name", role: "columnheader" }, "Task"), h("span", { class: "cell bars", role: "columnheader" }, axis));
  const list = rows({
    label: "Tasks over time", height: ROW_HEIGHT, header: head, build, onShown: drawAxis,
    open: index => go(page.task(flow, run, shown[index].task)),
  });
  list.element.classList.add("timeline");
  list.element.addEventListener("wheel", wheel, { passive: false });

  const search = h("input", {
    type: "search", placeholder: "step or task", "aria-label": "Search tasks", autocomplete: "off", spellcheck: "false",
    oninput: throttled(() => change({ text: search.value.trim() }, { replace: true }), 250),
  });
  const steps = h("select", { "aria-label": "Step", onchange: () => change({ step: steps.value }) });
  const states = h("div", { class: "chips", role: "group", "aria-label": "Status" });
  const counted = h("span", { class: "counted" });
  const button = (text, title, onclick) => h("button", { type: "button", title, "aria-label": title, onclick }, text);
  const whole = button("whole", "Show the whole time", () => setZoom(null));
  const element = h("section", { class: "panel", "aria-label": "Timeline" },
    h("div", { class: "bar" }, h("h2", {}, "Timeline"), counted, search, steps, states, h("span", { class: "spring" }),
      h("span", { class: "zoom", role: "group", "aria-label": "Zoom" },
        button("‹", "Earlier", () => pan(-0.5)), button("−", "Zoom out", () => zoomBy(2)), button("+", "Zoom in", () => zoomBy(0.5)),
        button("›", "Later", () => pan(0.5)), whole)),
    list.element);

  const span = () => zoom ?? { from: origin, to: end };
  const remember = throttled(() => change({
    zoom: zoom ? `${(zoom.from - origin).toFixed(3)}-${(zoom.to - origin).toFixed(3)}` : "",
  }, { replace: true }), 400);

  function setZoom(next) {
    const length = end - origin;
    if (next) {
      const width = Math.min(Math.max(next.to - next.from, length / MOST_ZOOM), length);
      const from = Math.min(Math.max(next.from, origin), end - width);
      next = width >= length ? null : { from, to: from + width };
    }
    zoom = next;
    whole.disabled = !zoom;
    list.redraw();
    remember();
  }

  function zoomBy(factor, at = 0.5) {
    const { from, to } = span();
    const middle = from + (to - from) * at;
    setZoom({ from: middle - (middle - from) * factor, to: middle + (to - middle) * factor });
  }

  function pan(part) {
    const { from, to } = span();
    const step = (to - from) * part;
    setZoom({ from: from + step, to: to + step });
  }

  function wheel(event) {
    const box = axis.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      zoomBy(Math.exp(Math.sign(event.deltaY) * 0.25), Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1));
    } else if (zoom && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
      event.preventDefault();
      pan((event.deltaX || event.deltaY) / box.width);
    }
  }

  function build(index) {
    const task = shown[index];
    const bars = h("span", { class: "cell bars", role: "gridcell" }, barsOf(task));
    return h("a", { class: "task-row", href: page.task(flow, run, task.task), tabindex: "-1", draggable: "false", title: tooltip(task) },
      cell("task-name", icon(task.status), h("span", { class: "unseen" }, task.status),
        h("span", { class: "label" }, `${task.step}/${task.task}`), task.nodes > 1 && h("span", { class: "times" }, `×${task.nodes}`)),
      bars);
  }

  function barsOf(task) {
    const { from, to } = span();
    const width = to - from;
    const place = (bar, start, stop) => {
      const left = Math.max((start - from) / width, 0);
      const right = Math.min((stop - from) / width, 1);
      if (right < 0 || left > 1) return null;
      bar.style.left = `${left * 100}%`;
      bar.style.width = `${Math.max(right - left, 0) * 100}%`;
      return bar;
    };
    const attempts = task.attempts ?? [];
    const made = [];
    attempts.forEach((attempt, number) => {
      const before = attempts[number - 1]?.ended;
      if (before !== undefined) made.push(place(h("i", { class: "span waiting" }), before, attempt.started));
      const state = attempt.end ?? "running";
      made.push(place(h("i", { class: `span ${kind(state)}` }), attempt.started, attempt.ended ?? end));
    });
    const last = attempts.at(-1);
    if (task.status === "waiting" && last?.ended !== undefined) made.push(place(h("i", { class: "span waiting" }), last.ended, end));
    if (last) {
      const stop = last.ended ?? end;
      made.push(wordAt((stop - from) / width, duration(stop - last.started)));
    } else {
      made.push(wordAt(0, task.status));
    }
    return made;
  }

  // The word stands behind its bar, or at the right edge inside it.
  function wordAt(at, text) {
    if (at < 0 || at > 1.0001) return null;
    const word = h("i", { class: at > 0.9 ? "span-word inside" : "span-word" }, text);
    if (at > 0.9) word.style.right = `${Math.max(1 - at, 0) * 100}%`;
    else word.style.left = `${at * 100}%`;
    return word;
  }

  function drawAxis() {
    const { from, to } = span();
    const width = axis.clientWidth;
    if (!width) return;
    const step = STEPS.find(each => (each / (to - from)) * width > 74) ?? Math.ceil((to - from) / 6 / 86400) * 86400;
    const marks = [];
    for (let at = Math.ceil((from - origin) / step) * step; at <= to - origin; at += step) {
      const part = (at + origin - from) / (to - from);
      if (part < 0 || part > 0.97) continue;
      const mark = h("i", { class: "mark" }, at === 0 ? "0" : step < 1 ? `${at.toFixed(2)}s` : duration(at).replace(".0s", "s"));
      mark.style.left = `${part * 100}%`;
      marks.push(mark);
    }
    put(axis, marks);
  }

  function filter() {
    const text = (choice.text ?? "").toLowerCase();
    shown = all.filter(task => (!choice.step || task.step === choice.step) && (!choice.status || task.status === choice.status)
      && (!text || `${task.step}/${task.task}`.toLowerCase().includes(text)));
    counted.textContent = shown.length === all.length ? count(all.length, "task")
      : `${shown.length.toLocaleString("en")} of ${count(all.length, "task")}`;
    list.element.style.height = `${Math.min(Math.max(shown.length, 1), MOST_ROWS) * ROW_HEIGHT + HEAD_HEIGHT}px`;
    list.update(shown.length);
  }

  function showStates() {
    const counts = {};
    for (const task of all) if (!choice.step || task.step === choice.step) counts[task.status] = (counts[task.status] ?? 0) + 1;
    const key = JSON.stringify([counts, choice.status]);
    if (states.dataset.key === key) return;
    states.dataset.key = key;
    put(states, TASK_STATES.filter(state => counts[state] || choice.status === state).map(state => h("button", {
      type: "button", class: `chip-button ${kind(state)}`, "aria-pressed": String(choice.status === state),
      onclick: () => change({ status: choice.status === state ? "" : state }),
    }, icon(state), `${(counts[state] ?? 0).toLocaleString("en")} ${state}`)));
  }

  const timer = setInterval(() => { if (!isOver && all.length) { measure(); list.redraw(); } }, 1000);
  let created;
  let finished;

  function measure() {
    let first = created ?? Infinity;
    let last = finished ?? -Infinity;
    for (const { attempts = [] } of all) {
      if (!attempts.length) continue;
      first = Math.min(first, attempts[0].started);
      last = Math.max(last, attempts.at(-1).ended ?? attempts.at(-1).started);
    }
    origin = Number.isFinite(first) ? first : now();
    end = Math.max(isOver ? last : Math.max(last, now()), origin + 0.05);
  }

  return {
    element, search, key: list.key,
    set(answer, tasks) {
      created = answer.created;
      finished = answer.finished;
      isOver = answer.status !== "running";
      all = tasks;
      measure();
      const names = answer.steps.map(step => step.name);
      if (steps.dataset.key !== names.join()) {
        steps.dataset.key = names.join();
        put(steps, h("option", { value: "" }, "all steps"), names.map(name => h("option", { value: name }, name)));
        steps.value = choice.step ?? "";
      }
      showStates();
      filter();
    },
    choose(query) {
      choice = { step: query.step, status: query.status, text: query.text };
      steps.value = choice.step ?? "";
      if (document.activeElement !== search) search.value = choice.text ?? "";
      const [from, to] = (query.zoom ?? "").split("-").map(Number);
      if (origin && query.zoom && to > from && !zoom) zoom = { from: origin + from, to: origin + to };
      if (!query.zoom && zoom && !remember.isWaiting()) zoom = null;
      whole.disabled = !zoom;
      if (all.length) { showStates(); filter(); }
    },
    close() {
      clearInterval(timer);
      remember.cancel();
      list.close();
    },
  };
}

function tooltip(task) {
  const lines = [`${task.step}/${task.task}: ${task.status}${task.nodes > 1 ? `, ${count(task.nodes, "node")}` : ""}`];
  if (task.clonedFrom) lines.push(`taken over from ${task.clonedFrom}`);
  (task.attempts ?? []).forEach((attempt, index) => {
    const took = attempt.ended === undefined ? "" : `, ${duration(attempt.ended - attempt.started)}`;
    lines.push(`attempt ${index + 1}: ${attempt.end ?? "running"}, from ${absolute(attempt.started)}${took}`);
  });
  return lines.join("\n");
}
