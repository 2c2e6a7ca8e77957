// The page of all runs.

import { api, change, go, page } from "./address.js";
import { follow, get } from "./api.js";
import { announce, count, h, put, throttled } from "./dom.js";
import { cell, heads, rows } from "./rows.js";
import { RUN_STATES, badge, setTitle } from "./states.js";
import { agoElement, setClock, tookElement } from "./time.js";

const HEAD = 200;
const PAGE = 1000;
const FILTERS = ["flow", "status", "user", "tag", "text"];
const ROW_HEIGHT = 34;

/** Opens the page of runs in `root`. */
export function openRuns(root, address) {
  let filter = chosen(address.query);
  let runs = [];
  let total = 0;
  let isLoading = false;
  let isFirst = true;
  let request = null;
  let stop = () => {};

  const flows = h("datalist", { id: "flows" });
  const users = h("datalist", { id: "users" });
  const controls = filters(filter);
  const counted = h("span", { class: "counted" });
  const note = h("div", { class: "notice" });
  const list = rows({
    label: "Runs", height: ROW_HEIGHT, build, onShown: load,
    header: heads("run-row", { status: "Status", name: "Run", started: "Started", took: "Took", user: "User" }),
    open: index => runs[index] && go(addressOf(runs[index])),
  });
  list.element.classList.add("runs");
  put(root, h("div", { class: "bar" }, h("h1", {}, "Runs"), counted, controls.element, flows, users), note, list.element);
  setTitle("Runs");

  function build(index) {
    const run = runs[index];
    if (!run) return h("div", { class: "run-row" }, cell("status", "…"));
    return h("a", { class: "run-row", href: addressOf(run), tabindex: "-1", draggable: "false" },
      cell("status", badge(run.status)),
      cell("name", h("b", {}, run.flow), h("span", { class: "slash" }, "/"), h("span", { class: "mono" }, run.run),
        run.problem && h("span", { class: "problem", title: run.problem }, run.problem)),
      cell("started", typeof run.created === "number" && agoElement(run.created)),
      cell("took", run.status === "running" || run.finished ? tookElement(run.created, run.finished) : "–"),
      cell("user", run.user ?? ""));
  }

  const show = throttled(() => {
    list.update(Math.max(total, runs.length));
    counted.textContent = count(total, "run");
    put(note, total === 0 && h("p", {}, FILTERS.some(name => filter[name])
      ? "No run matches these filters." : "No runs yet. Run a flow with this store, and it appears here."));
    note.hidden = total !== 0;
    list.element.hidden = total === 0;
    suggest(flows, runs.map(run => run.flow));
    suggest(users, runs.map(run => run.user));
  });

  // The newest runs come by the stream; those behind them stay as they were fetched.
  function merge(answer) {
    setClock(answer.now);
    const head = answer.runs;
    const last = head.at(-1);
    const at = last ? runs.findIndex(run => isSame(run, last)) : -1;
    runs = head.length < HEAD ? head : head.concat(at >= 0 ? runs.slice(at + 1) : []);
    total = answer.total;
    if (isFirst) announce(count(total, "run"));
    isFirst = false;
    show();
  }

  async function load(first, last) {
    if (isLoading || last <= runs.length || runs.length >= total || runs.length === 0) return;
    isLoading = true;
    const mine = request = new AbortController();
    const behind = runs.at(-1);
    try {
      const answer = await get(api.runs({ ...filter, after: `${behind.flow}/${behind.run}`, limit: PAGE }), mine.signal);
      if (isSame(runs.at(-1), behind)) runs = runs.concat(answer.runs);
      total = answer.runs.length ? answer.total : runs.length;
      isLoading = false;
      show();
    } catch (error) {
      if (mine.signal.aborted) return;
      isLoading = false;
      setTimeout(() => list.redraw(), 2000);
    }
  }

  function start() {
    runs = [];
    isLoading = false;
    stop = follow({
      address: () => api.runs({ ...filter, limit: HEAD }),
      onValue: merge,
      onRefusal: error => { note.hidden = false; put(note, h("p", {}, error.message)); },
    });
  }

  start();
  return {
    search: controls.search,
    key: list.key,
    update(next) {
      filter = chosen(next.query);
      controls.set(filter);
      request?.abort();
      stop();
      list.element.scrollTop = 0;
      start();
    },
    close() {
      stop();
      request?.abort();
      show.cancel();
      list.close();
    },
  };
}

function filters(filter) {
  const set = (name, replace) => event => change({ [name]: event.target.value.trim() }, { replace });
  const field = (name, title, list) =>
    h("input", { name, value: filter[name] ?? "", placeholder: title, "aria-label": title, list, onchange: set(name), autocomplete: "off", spellcheck: "false" });
  const status = h("select", { name: "status", "aria-label": "Status", onchange: set("status") },
    h("option", { value: "" }, "any status"), RUN_STATES.map(state => h("option", { value: state }, state)));
  const search = h("input", {
    type: "search", name: "text", placeholder: "search", "aria-label": "Search runs", autocomplete: "off", spellcheck: "false",
    title: "a part of Flow/run, the user's name or the status; / goes here",
  });
  const later = throttled(() => change({ text: search.value.trim() }, { replace: true }), 300);
  search.addEventListener("input", later);
  const clear = h("a", { href: "/", class: "quiet" }, "clear");
  const inputs = { flow: field("flow", "flow", "flows"), status, user: field("user", "user", "users"), tag: field("tag", "tag"), text: search };
  const setAll = values => {
    for (const name of FILTERS) {
      const value = values[name] ?? "";
      if (document.activeElement !== inputs[name] || name !== "text") inputs[name].value = value;
    }
    clear.hidden = !FILTERS.some(name => values[name]);
  };
  setAll(filter);
  return {
    element: h("form", { class: "filters", role: "search", onsubmit: event => event.preventDefault() },
      search, inputs.flow, inputs.status, inputs.user, inputs.tag, clear),
    search, set: setAll,
  };
}

function chosen(query) {
  return Object.fromEntries(FILTERS.filter(name => query[name]).map(name => [name, query[name]]));
}

function addressOf(run) {
  return page.run(run.flow, run.run);
}

function isSame(one, other) {
  return one?.flow === other?.flow && one?.run === other?.run;
}

function suggest(list, values) {
  const known = [...new Set(values.filter(Boolean))].sort().slice(0, 200);
  if (list.children.length === known.length) return;
  put(list, known.map(value => h("option", { value })));
}
