// Which view an address shows, and what all views share.

import { api, go, page, parse } from "./address.js";
import { get } from "./api.js";
import { h, put } from "./dom.js";
import { openRun } from "./run.js";
import { openRuns } from "./runs.js";
import { setTitle } from "./states.js";
import { openTask } from "./task.js";

const VIEWS = { runs: openRuns, run: openRun, task: openTask, missing: openMissing };

const root = document.getElementById("page");
const store = get(api.store()).catch(() => ({ isReadOnly: true }));
let view = null;
let shown = null;

async function show() {
  const address = parse(location);
  const settings = await store;
  const isSame = shown && ["view", "flow", "run", "task"].every(name => shown[name] === address[name]);
  shown = address;
  showCrumbs(address);
  if (isSame && view) {
    view.update(address);
    return;
  }
  view?.close();
  put(root);
  root.className = `view-${address.view}`;
  window.scrollTo(0, 0);
  view = VIEWS[address.view](root, address, settings);
}

function openMissing(element) {
  setTitle("Nothing here");
  put(element, h("div", { class: "notice" }, h("h1", {}, "Nothing is at this address"), h("a", { href: "/" }, "All runs")));
  return { update() {}, close() {} };
}

function showCrumbs({ view: name, flow, run, task }) {
  const link = (address, text) => h("a", { href: address }, text);
  put(document.getElementById("crumbs"),
    name !== "runs" && link("/", "Runs"),
    flow !== undefined && link(page.runs({ flow }), flow),
    run !== undefined && link(page.run(flow, run), run),
    task !== undefined && link(page.task(flow, run, task), `task ${task}`));
}

async function showStore() {
  const { name, isReadOnly, version } = await store;
  if (!name) return;
  put(document.getElementById("store"),
    isReadOnly && h("span", { class: "chip" }, "read-only"),
    h("span", { class: "store-name", title: `${name}\nMuster ${version ?? ""}` }, name));
}

function isOwn(link) {
  return link.origin === location.origin && !link.pathname.startsWith("/api/") && !link.pathname.startsWith("/assets/")
    && !link.hasAttribute("download") && !link.target;
}

// Links of the page change the view without loading the page again. Those of SVG have no `origin`, so all are made anew.
document.addEventListener("click", event => {
  const element = event.target.closest?.("a");
  if (!element || event.defaultPrevented || event.button !== 0) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = h("a", { href: element.getAttribute("href"), target: element.getAttribute("target"),
    download: element.hasAttribute("download") });
  if (!isOwn(link) || element.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  go(link.pathname + link.search);
});

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.closest?.("input, select, textarea");
  if (event.key === "Escape" && isTyping) {
    event.preventDefault();
    event.target.blur();
  } else if (!isTyping && event.key === "/" && view?.search) {
    event.preventDefault();
    const search = typeof view.search === "function" ? view.search() : view.search;
    search?.focus();
    search?.select();
  } else if (!isTyping && ["j", "k", "ArrowDown", "ArrowUp", "Enter"].includes(event.key)) {
    if (event.target === document.body || event.target === root) view?.key?.(event);
  }
});

window.addEventListener("popstate", show);
window.addEventListener("go", show);
show();
showStore();
