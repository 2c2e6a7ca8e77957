// A task's log: its end as it grows, older lines when they are scrolled to, a search, and an address for every line.

import { api, change, page } from "./address.js";
import { follow, get } from "./api.js";
import { h, put, throttled } from "./dom.js";
import { lineElement, timeOf, writer } from "./logline.js";
import { logWindow } from "./logwindow.js";

const PAGE = 500;
// The lines of one event: enough for a step that writes fast.
const LIVE = 1000;
const NEAR = 900;
const FILTERS = ["node", "stream", "cluster", "agent", "text"];

/** The log tab: `{element, search, key, update(task, query), close()}`. */
export function openLog(place, firstTask, firstQuery) {
  const { flow, run, task } = place;
  let { attempt } = firstTask;
  let nodes = firstTask.nodes ?? 1;
  let query = firstQuery;
  let width = 0;
  let isFollowing = true;
  let isTail = false;
  let isOver = false;
  let loading = null;
  let stop = () => {};

  const view = logWindow({ build, onscroll: scrolled });
  const controls = logControls();
  const state = h("span", { class: "log-state" });
  const end = h("button", { type: "button", onclick: toEnd });
  const note = h("div", { class: "log-note" });
  const element = h("div", { class: "log" },
    h("div", { class: "bar log-bar" }, controls.element, h("span", { class: "spring" }), state, end),
    note, view.element);

  const filter = () => ({
    attempt, node: query.node, stream: query.stream, cluster: query.cluster, agent: query.agent, text: query.text,
  });
  const hasNodes = () => nodes > 1 && !query.node;
  const address = values => api.log(flow, run, task, { ...filter(), ...values });

  function build(line, key) {
    // A line that was searched for is shown among its neighbours.
    const link = page.task(flow, run, task, { ...query, tab: "log", text: "", line: key, match: query.text });
    widen(line);
    return lineElement(line, {
      key, link, text: query.text ?? query.match, hasNodes: hasNodes(),
      title: query.text ? "show this line among its neighbours" : "a link to this line",
    });
  }

  // The column of nodes and processes is as wide as the longest so far.
  function widen(line) {
    const { length } = writer(line, hasNodes());
    if (length <= width) return;
    width = length;
    view.element.style.setProperty("--who", `${width}ch`);
  }

  function start() {
    halt();
    view.clear();
    isOver = false;
    put(note, "loading …");
    if (query.line) openLine();
    else openTail();
  }

  function halt() {
    stop();
    stop = () => {};
    loading?.abort();
    loading = null;
  }

  // The log's end, or what is behind `after`, and what is added to it.
  function openTail(after) {
    stop();
    isTail = true;
    let isFirst = after === undefined;
    if (isFirst) isFollowing = true;
    stop = follow({
      address: () => address({ limit: LIVE, after: isFirst ? undefined : view.last?.after ?? after }),
      onValue: answer => {
        if (isFirst) view.clear();
        isFirst = false;
        grow(answer);
      },
      onOver: () => { isOver = true; showState(); },
      onRefusal: error => put(note, error.message),
    });
    showState();
  }

  function grow(answer) {
    isOver = answer.isOver === true && answer.isEnd !== false;
    view.append(answer);
    view.setOpen(answer.open);
    if (isFollowing) {
      view.toEnd();
      view.dropFirst();
      view.toEnd();
    } else if (view.isFull) {
      // Whoever reads further up is not to lose the place: the rest is fetched when it is scrolled to.
      leaveTail();
    }
    showNote();
    showState();
    edges();
  }

  function leaveTail() {
    stop();
    stop = () => {};
    isTail = false;
    isFollowing = false;
    view.setOpen([]);
  }

  async function fetchPage(values) {
    const mine = loading = new AbortController();
    showState();
    try {
      return await get(address({ limit: PAGE, ...values }), mine.signal);
    } catch (error) {
      if (!mine.signal.aborted) put(note, error.message);
      return null;
    } finally {
      if (loading === mine) loading = null;
      showState();
    }
  }

  async function loadOlder() {
    const first = view.first;
    if (loading || !first || first.isStart || !first.before) return;
    const answer = await fetchPage({ before: first.before });
    if (!answer || view.first !== first) return;
    if (answer.lines.length) {
      view.prepend(answer);
      if (!isFollowing && view.dropLast() && isTail) leaveTail();
    } else {
      // A search answers with nothing when it takes long; it goes on from there.
      first.before = answer.before;
      first.isStart = answer.isStart;
    }
    if (isFollowing) view.toEnd();
    showNote();
    edges();
  }

  async function loadNewer() {
    const last = view.last;
    if (loading || isTail || !last) return;
    const answer = await fetchPage({ after: last.after });
    if (!answer || view.last !== last || isTail) return;
    view.append(answer);
    view.dropFirst();
    reach(answer);
    showState();
    edges();
  }

  // Goes on from the log's end, where an answer has come so far.
  function reach({ isEnd, isOver: isLast, open }) {
    if (!isEnd) return;
    view.setOpen(open);
    if (!isLast) {
      openTail(view.last.after);
      return;
    }
    isTail = true;
    isOver = true;
  }

  function scrolled() {
    isFollowing = isTail && view.isAtEnd();
    showState();
    edges();
  }

  const edges = throttled(() => {
    const { scrollTop, scrollHeight, clientHeight } = view.element;
    const isShort = scrollHeight < clientHeight * 2;
    if (scrollTop < NEAR && (!isFollowing || isShort)) loadOlder();
    if (scrollHeight - scrollTop - clientHeight < NEAR) loadNewer();
  }, 60);

  // A line's time leads to it.
  async function openLine() {
    isTail = false;
    isFollowing = false;
    const time = timeOf(query.line);
    const answer = Number.isNaN(time) ? null : await fetchPage({ at: time });
    if (!element.isConnected) return;
    if (!answer?.lines.length) {
      openTail();
      return;
    }
    view.clear();
    view.append(answer);
    showNote();
    if (!markLine(true)) put(note, "The line of this address is not in the log; these are the first after its time.");
    reach(answer);
    showState();
    edges();
  }

  function markLine(canScroll) {
    element.querySelector(".line.marked")?.classList.remove("marked");
    if (!query.line) return true;
    const line = view.find(query.line, query.match);
    line?.classList.add("marked");
    if (canScroll) line?.scrollIntoView({ block: "center" });
    return Boolean(line);
  }

  function toEnd() {
    if (query.line) {
      change({ line: "", match: "" }, { replace: true });
      return;
    }
    if (isTail) {
      isFollowing = true;
      view.toEnd();
      showState();
    } else {
      start();
    }
  }

  function showNote() {
    const isEmpty = view.isEmpty;
    put(note, isEmpty && (query.text && view.first?.isStart === false ? "Searching …" : query.text ? "No line contains this." : isOver ? "Nothing was written." : "Nothing was written yet."));
  }

  function showState() {
    const isAtEnd = isTail && isFollowing;
    state.textContent = loading && query.text ? "searching …" : isAtEnd && !isOver ? "live" : "";
    state.classList.toggle("is-live", isAtEnd && !isOver && state.textContent === "live");
    end.textContent = isOver ? "↓ End" : "↓ Follow";
    end.title = isOver ? "Go to the end" : "Go to the end and stay there";
    end.disabled = isAtEnd;
  }

  function logControls() {
    const search = h("input", {
      type: "search", placeholder: "search the log", "aria-label": "Search the log", autocomplete: "off", spellcheck: "false",
      oninput: throttled(() => change({ text: search.value, line: "", match: "" }, { replace: true }), 350),
    });
    const select = (name, label, options) => {
      const made = h("select", { "aria-label": label, onchange: () => change({ [name]: made.value, line: "", match: "" }) }, options);
      return made;
    };
    const option = (value, text) => h("option", { value }, text);
    const node = select("node", "Node", [option("", "all nodes"), Array.from({ length: nodes }, (_, index) => option(String(index), `node ${index}`))]);
    const stream = select("stream", "Stream", [option("", "out and err"), option("out", "out"), option("err", "err")]);
    const check = (name, label, title) => {
      const box = h("input", { type: "checkbox", onchange: () => change({ [name]: box.checked ? "1" : "", line: "", match: "" }) });
      return { box, element: h("label", { class: "check", title }, box, label) };
    };
    const cluster = check("cluster", "cluster", "What the cluster’s own processes wrote, too");
    const agent = check("agent", "agents’ log", "The log of the agents instead");
    return {
      element: h("div", { class: "log-controls" }, search, nodes > 1 && node, stream, cluster.element, agent.element),
      search,
      set(values) {
        if (document.activeElement !== search) search.value = values.text ?? "";
        node.value = values.node ?? "";
        stream.value = values.stream ?? "";
        cluster.box.checked = values.cluster === "1";
        agent.box.checked = values.agent === "1";
      },
    };
  }

  controls.set(query);
  start();
  return {
    element,
    search: controls.search,
    key(event) {
      const moves = { j: 60, ArrowDown: 60, k: -60, ArrowUp: -60 };
      if (moves[event.key]) view.element.scrollBy(0, moves[event.key]);
    },
    update(nextTask, nextQuery) {
      const old = { attempt, ...query };
      query = nextQuery;
      attempt = nextTask.attempt;
      nodes = nextTask.nodes ?? 1;
      controls.set(query);
      const isOther = old.attempt !== attempt || FILTERS.some(name => (old[name] ?? "") !== (query[name] ?? ""));
      const hasMoved = old.line !== query.line;
      if (isOther || (hasMoved && !markLine(false)) || (hasMoved && !query.line)) start();
    },
    close() {
      halt();
      edges.cancel();
    },
  };
}
