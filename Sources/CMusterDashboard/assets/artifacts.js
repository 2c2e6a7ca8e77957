// A task's artifacts.

import { api, change } from "./address.js";
import { get } from "./api.js";
import { h, put } from "./dom.js";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** The artifacts tab: `{element, update(task, query), close()}`. */
export function openArtifacts(place, task, firstQuery) {
  const { flow, run, task: number } = place;
  let query = firstQuery;
  let { status } = task;
  let attempts = task.attempts.length;
  let request = null;
  const nodes = task.nodes ?? 1;
  const chooser = h("select", { "aria-label": "Node", onchange: () => change({ node: chooser.value }) },
    Array.from({ length: nodes }, (_, index) => h("option", { value: String(index) }, `node ${index}`)));
  const body = h("div", { class: "scroll" });
  const element = h("div", {}, nodes > 1 && h("div", { class: "bar" }, h("label", { class: "check" }, "of ", chooser)), body);

  async function load() {
    const mine = request = {};
    const { node } = query;
    chooser.value = node ?? "0";
    try {
      const list = await get(api.artifacts(flow, run, number, { node }));
      if (request === mine) put(body, table(list, node));
    } catch (error) {
      if (request === mine) put(body, h("p", { class: "muted pad" }, error.message));
    }
  }

  function table(list, node) {
    if (!list.length) return h("p", { class: "muted pad" }, "No artifacts yet.");
    return h("table", { class: "artifacts" },
      h("thead", {}, h("tr", {}, ["Name", "Type", "Size", "Digest", "Preview", ""].map(title => h("th", { scope: "col" }, title)))),
      h("tbody", {}, list.map(each => row(each, node))));
  }

  function row({ name, encoding, size: bytes, digest, preview, isNew }, node) {
    return h("tr", {},
      h("th", { scope: "row" }, h("span", { class: "mono" }, name), isNew && h("span", { class: "chip new", title: "None of the task’s parents has it so" }, "new here")),
      h("td", {}, encoding),
      h("td", { class: "number", title: `${bytes} bytes` }, size(bytes)),
      h("td", {}, h("code", { title: digest }, digest.slice(0, 10))),
      h("td", { class: "preview" }, preview === undefined ? "" : h("code", {}, preview)),
      h("td", {}, h("a", { href: api.artifact(flow, run, number, name, { node }), download: true, "aria-label": `Download ${name}` }, "download")));
  }

  load();
  return {
    element,
    // Artifacts come when an attempt ends.
    update(next, nextQuery) {
      const isOther = nextQuery.node !== query.node || next.status !== status || next.attempts.length !== attempts;
      query = nextQuery;
      status = next.status;
      attempts = next.attempts.length;
      if (isOther) load();
    },
    close() { request = null; },
  };
}

/** A number of bytes as people say it. */
export function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) { value /= 1024; unit++; }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit]}`;
}
