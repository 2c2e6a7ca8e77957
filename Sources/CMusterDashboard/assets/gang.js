// A gang as a picture, and its nodes in rows.

import { page } from "./address.js";
import { count, h } from "./dom.js";
import { fact } from "./facts.js";
import { badge, icon, kind } from "./states.js";
import { agoElement, tookElement } from "./time.js";

const ORDER = ["failed", "stopped", "starting", "joined", "running", "succeeded"];
const MANY = 40;

/** The nodes tab of a task. */
export function gangView(place, task, query) {
  const { gang } = task;
  if (!gang) return h("p", { class: "muted pad" }, "Nothing is known of the nodes yet.");
  const cause = task.attempts[task.attempt]?.failure?.node ?? gang.nodes.find(node => node.state === "failed")?.node;
  const link = node => page.task(place.flow, place.run, place.task, { attempt: query.attempt, tab: "log", node });
  const why = node => (node.node === cause ? "first" : node.state === "stopped" && cause !== undefined ? `because of node ${cause}` : "");
  const hasHosts = gang.nodes.some(node => node.host);
  return h("div", { class: "gang" },
    h("dl", { class: "facts" },
      fact("Gang", summary(gang)),
      gang.place && fact("Place", gang.place),
      gang.job && fact("Job", h("span", { class: "mono" }, gang.job)),
      gang.started !== undefined && fact("Started", agoElement(gang.started)),
      gang.started !== undefined && fact("Took", tookElement(gang.started, gang.finished))),
    gang.waits && h("p", { class: "waits" }, icon("waiting"), h("span", {}, h("b", {}, "It waits: "), gang.waits)),
    h("ul", { class: gang.nodes.length > MANY ? "tiles many" : "tiles", "aria-label": "Nodes of the gang" },
      gang.nodes.map(node => h("li", {}, tile(node, why(node), link(node.node), node.node === cause)))),
    h("div", { class: "scroll" }, h("table", { class: "nodes" },
      h("thead", {}, h("tr", {}, ["Node", "State", hasHosts && "Host", "Last line", "Log"].filter(Boolean).map(title => h("th", { scope: "col" }, title)))),
      h("tbody", {}, gang.nodes.map(node => row(node, why(node), link(node.node), node.node === cause, hasHosts))))));
}

function summary(gang) {
  const states = ORDER.map(state => [state, gang.nodes.filter(node => node.state === state).length]).filter(([, number]) => number);
  return [count(gang.nodes.length, "node"), ": ", states.map(([state, number]) => `${number} ${state}`).join(", ")];
}

function tile(node, why, href, isCause) {
  const words = [node.state, why].filter(Boolean).join(" ");
  const name = `tile ${kind(node.state)}${isCause ? " cause" : ""}`;
  return h("a", { class: name, href, title: [`node ${node.node}: ${words}`, node.host, node.lastLine].filter(Boolean).join("\n") },
    h("span", { class: "tile-head" }, icon(node.state), h("b", {}, String(node.node)), node.host && h("span", { class: "tile-host" }, node.host)),
    h("span", { class: "tile-words" }, words));
}

function row(node, why, href, isCause, hasHosts) {
  return h("tr", { class: isCause ? "cause" : node.state === "stopped" ? "muted-row" : null },
    h("th", { scope: "row" }, String(node.node)),
    h("td", {}, badge(node.state), why && h("span", { class: "muted" }, ` ${why}`)),
    hasHosts && h("td", {}, node.host ?? ""),
    h("td", { class: "last-line" }, h("code", {}, node.lastLine ?? "")),
    h("td", {}, h("a", { href, "aria-label": `Log of node ${node.node}` }, "log")));
}
