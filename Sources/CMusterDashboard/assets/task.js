// The page of one task: its attempts, its gang, its log, artifacts and cards.

import { api, change, page } from "./address.js";
import { follow } from "./api.js";
import { openArtifacts } from "./artifacts.js";
import { openCards } from "./cards.js";
import { announce, h, put, section, throttled } from "./dom.js";
import { fact } from "./facts.js";
import { failurePanel } from "./failure.js";
import { gangView } from "./gang.js";
import { openLog } from "./log.js";
import { badge, icon, kind, setTitle } from "./states.js";
import { agoElement, duration, setClock, tookElement } from "./time.js";

const TABS = { nodes: "Nodes", log: "Log", artifacts: "Artifacts", cards: "Cards" };
const OPENERS = { nodes: openNodes, log: openLog, artifacts: openArtifacts, cards: openCards };

/** Opens a task's page in `root`. */
export function openTask(root, address) {
  const place = { flow: address.flow, run: address.run, task: address.task };
  let query = address.query;
  let task = null;
  let tab = null;
  let tabName = "";
  let stop = () => {};

  const head = h("div", { class: "head-main" });
  const cause = h("div", { class: "causes" });
  const tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "Of this task", onkeydown: moveTab });
  const panel = h("div", { class: "tab-panel", role: "tabpanel", id: "tab-panel" });
  const body = h("div", { hidden: true }, h("div", { class: "page-head" }, head), cause, h("section", { class: "panel" }, tabs, panel));
  const note = h("div", { class: "notice" }, "loading …");
  put(root, note, body);
  setTitle(`task ${place.task}`);

  const showHead = section(head);
  const showCause = section(cause);
  const showTabs = section(tabs);

  const show = throttled(() => {
    if (!task) return;
    note.hidden = true;
    body.hidden = false;
    const { gang, logs, cards, now, ...rest } = task;
    showHead(rest, () => header(place, task, query));
    showCause([task.attempt, task.attempts, task.status], () => causeOf(place, task));
    const names = Object.keys(TABS).filter(name => name !== "nodes" || hasNodes(task));
    const chosen = names.includes(query.tab) ? query.tab : names[0];
    showTabs([names, chosen, task.cards?.length ?? 0, task.nodes], () => names.map(name => tabElement(name, name === chosen)));
    panel.setAttribute("aria-labelledby", `tab-${chosen}`);
    // Beside the log its own last lines would only take room.
    cause.classList.toggle("short", chosen === "log");
    if (chosen === tabName) {
      tab.update(task, query);
      return;
    }
    tab?.close();
    tabName = chosen;
    tab = OPENERS[chosen](place, task, query);
    put(panel, tab.element);
  });

  function tabElement(name, isChosen) {
    const number = { nodes: task.nodes, cards: task.cards?.length }[name];
    return h("button", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(isChosen), "aria-controls": "tab-panel",
      tabindex: isChosen ? "0" : "-1", onclick: () => change({ tab: name, line: "", match: "" }),
    }, TABS[name], number > 0 && h("span", { class: "tab-count" }, String(number)));
  }

  function moveTab(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const all = [...tabs.children];
    const next = all[(all.findIndex(each => each.getAttribute("aria-selected") === "true") + step + all.length) % all.length];
    next.click();
    const id = next.id;
    setTimeout(() => document.getElementById(id)?.focus(), 60);
  }

  function start() {
    stop();
    const { attempt } = query;
    stop = follow({
      address: () => api.task(place.flow, place.run, place.task, { attempt }),
      onValue: answer => {
        setClock(answer.now);
        if (task && answer.status !== task.status) announce(`The task is ${answer.status} now.`);
        task = { ...answer, attempts: answer.attempts ?? [], nodes: answer.nodes ?? 1 };
        setTitle(`${task.step}/${task.task} of ${place.flow}/${place.run}`, task.status);
        show();
      },
      onRefusal: error => {
        note.hidden = false;
        body.hidden = true;
        put(note, h("h1", {}, "This task cannot be shown"), h("p", {}, error.message),
          h("a", { href: page.run(place.flow, place.run) }, "The run"));
      },
    });
  }

  start();
  return {
    search() {
      if (tabName !== "log") return null;
      return tab.search;
    },
    key: event => tab?.key?.(event),
    update(next) {
      const isOther = next.query.attempt !== query.attempt;
      query = next.query;
      if (isOther) start();
      else show();
    },
    close() {
      stop();
      show.cancel();
      tab?.close();
    },
  };
}

function hasNodes(task) {
  return task.gang !== undefined || task.nodes > 1;
}

function openNodes(place, firstTask, firstQuery) {
  const element = h("div", {});
  const fill = section(element);
  const update = (task, query) => fill([task.gang, task.attempts, task.attempt, task.status, query.attempt], () => gangView(place, task, query));
  update(firstTask, firstQuery);
  return { element, update, close() {} };
}

function header({ flow, run, task: number }, task, query) {
  const shown = task.attempts[task.attempt];
  return [
    h("h1", {}, badge(task.status), h("span", { class: "title" }, task.step, h("span", { class: "slash" }, "/"), h("span", { class: "mono" }, String(number)))),
    h("dl", { class: "facts" },
      shown?.started !== undefined && fact("Started", agoElement(shown.started)),
      shown?.started !== undefined && fact("Took", tookElement(shown.started, shown.ended ?? (shown.end ? shown.started : undefined))),
      task.nodes > 1 && fact("Nodes", String(task.nodes)),
      task.index !== undefined && fact("Foreach index", String(task.index)),
      task.parents?.length > 0 && fact("Parents", parents(flow, run, task.parents)),
      task.workFrom && fact("Taken over from", workFrom(task.workFrom))),
    task.attempts.length > 1 && attempts(flow, run, number, task, query),
  ];
}

function parents(flow, run, list) {
  const most = 12;
  const links = list.slice(0, most).flatMap((parent, index) => [index > 0 && ", ", h("a", { href: page.task(flow, run, parent) }, String(parent))]);
  return [links, list.length > most && ` and ${list.length - most} more`];
}

function workFrom(path) {
  const [flow, run, step, task] = path.split("/");
  return task === undefined ? path : h("a", { href: page.task(flow, run, task), class: "mono" }, `${run}/${step}/${task}`);
}

function attempts(flow, run, number, task, query) {
  const { line, match, ...rest } = query;
  return h("div", { class: "chips attempts", role: "group", "aria-label": "Attempts" }, task.attempts.map((attempt, index) => {
    const state = attempt.end ?? "running";
    const isShown = index === task.attempt;
    const took = attempt.ended !== undefined ? ` ${duration(attempt.ended - attempt.started)}` : "";
    return h("a", {
      class: `chip-button ${kind(state)}`, href: page.task(flow, run, number, { ...rest, attempt: index }), "aria-current": isShown ? "true" : null,
    }, icon(state), `Attempt ${index + 1}: ${state}${took}`);
  }));
}

function causeOf({ flow, run, task: number }, task) {
  const failure = task.attempts[task.attempt]?.failure;
  if (!failure) return [];
  const title = { caught: "Caught", cancelled: "Cancelled" }[task.status] ?? (task.attempts.length > 1 ? `Attempt ${task.attempt + 1} failed` : "");
  return [failurePanel(failure, { flow, run, task: number, step: task.step, attempt: task.attempt }, { title })];
}
